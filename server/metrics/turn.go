package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"perfect-negotiation/server/turn"
)

var (
	turnAllocations      = describe("turn_allocations", "Ports that the TURN server relays from.")
	turnAllocationsTotal = describe("turn_allocations_total", "Ports that the TURN server has given to clients.")
	turnRefreshes        = describe("turn_refreshes_total", "Requests to keep a port of the TURN server.")
	turnBytes            = describe("turn_bytes_total", "Bytes relayed by the TURN server, to peers (sent) and to its clients (received).", "direction")
	turnDropped          = describe("turn_dropped_total", "Packets that the TURN server did not relay: too much, or not allowed.")
	turnRejects          = describe("turn_rejects_total", "What the TURN server has refused, by reason.", "reason")
)

// turnCollector reads a TURN server's counts when they are asked for.
type turnCollector struct{ server *turn.Server }

// Describe implements [prometheus.Collector].
func (c turnCollector) Describe(all chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, all) }

// Collect implements [prometheus.Collector].
func (c turnCollector) Collect(all chan<- prometheus.Metric) {
	stats := c.server.Stats()
	all <- prometheus.MustNewConstMetric(turnAllocations, prometheus.GaugeValue, float64(stats.Allocations))
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		all <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	count(turnAllocationsTotal, stats.AllocationsTotal)
	count(turnRefreshes, stats.Refreshes)
	count(turnBytes, stats.SentBytes, "sent")
	count(turnBytes, stats.ReceivedBytes, "received")
	count(turnDropped, stats.Dropped)
	for reason, n := range stats.Rejects {
		count(turnRejects, n, reason)
	}
}
