"""What qdeck talks about: frozen values and enums; no input or output, no libraries."""
