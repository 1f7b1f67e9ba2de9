"""TinyDB storage and tables over an append-only, crash-safe journal."""
