"""What the server counts, for Prometheus. Names follow its conventions: base units, `_total` for counters."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from pliant.apps.server.work import Work

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Counters of one server, in a registry of their own."""

    def __init__(self, work: Work) -> None:
        self.registry = registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("pliant_http_requests", "Requests answered.", labels, registry=registry)
        self.seconds = Histogram(
            "pliant_http_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self.pixels_in = Counter("pliant_source_pixels", "Pixels of pictures upscaled.", registry=registry)
        self.pixels_out = Counter("pliant_result_pixels", "Pixels of results.", registry=registry)
        self.computing = Histogram(
            "pliant_compute_seconds", "Reading, computing and encoding one picture.", buckets=SECONDS, registry=registry
        )
        running = Gauge("pliant_work_running", "Requests that are computed now.", registry=registry)
        waiting = Gauge("pliant_work_waiting", "Requests that wait.", registry=registry)
        running.set_function(lambda: work.running)
        waiting.set_function(lambda: work.waiting)

    def upscaled(self, source: tuple[int, int], result: tuple[int, int], seconds: float) -> None:
        """Count a picture of `source` (width, height) that has become one of `result`."""
        self.pixels_in.inc(source[0] * source[1])
        self.pixels_out.inc(result[0] * result[1])
        self.computing.observe(seconds)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)
