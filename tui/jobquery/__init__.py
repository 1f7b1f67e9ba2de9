"""The query engine of the job table: filter language, predicates, order, incremental list."""
