"""Search workers on other machines, reached through a scheduler of Dask (extra `dask`)."""
