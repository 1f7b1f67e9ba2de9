"""HTTP: endpoints, connections, TLS, proxies, retries, bounded response bodies."""
