package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"perfect-negotiation/server/cluster"
)

var (
	clusterConnected = describe("cluster_connected", "1 while this node is connected to NATS, else 0.")
	clusterReady     = describe("cluster_ready", "1 while rooms can be claimed, else 0.")
	clusterLease     = describe("cluster_lease_age_seconds", "Seconds since this node renewed its lease; after 3 the others may take its rooms over.")
	clusterLinks     = describe("cluster_links", "Other nodes with which this one shares rooms.")
	clusterRooms     = describe("cluster_rooms", "Rooms claimed by this node or by others, in which this one has clients.", "owner")
	clusterClients   = describe("cluster_clients", "Clients in rooms that live on another node than they are connected to: those of other nodes here (guest), and of this one there (seat).", "kind")
	clusterPackets   = describe("cluster_packets_total", "Packets published for other nodes.")
	clusterBytes     = describe("cluster_bytes_total", "Bytes of the packets published for other nodes.")
	clusterGaps      = describe("cluster_gaps_total", "Packets of other nodes that NATS lost.")
	clusterBroken    = describe("cluster_links_broken_total", "Links to other nodes that broke with clients on them.")
	clusterTakeovers = describe("cluster_takeovers_total", "Rooms taken over from nodes that were gone.")
	clusterLost      = describe("cluster_rooms_lost_total", "Rooms that another node took over from this one.")
	clusterUnread    = describe("cluster_unread_total", "Packets that this node cannot read, as of a version to come.")
)

// clusterCollector reads a node's counts when they are asked for.
type clusterCollector struct{ node *cluster.Node }

// Describe implements [prometheus.Collector].
func (c clusterCollector) Describe(all chan<- *prometheus.Desc) {
	prometheus.DescribeByCollect(c, all)
}

// Collect implements [prometheus.Collector].
func (c clusterCollector) Collect(all chan<- prometheus.Metric) {
	stats := c.node.Stats()
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		all <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	number := map[bool]float64{true: 1}
	send(clusterConnected, prometheus.GaugeValue, number[stats.Connected])
	send(clusterReady, prometheus.GaugeValue, number[stats.Ready])
	send(clusterLease, prometheus.GaugeValue, stats.LeaseAge.Seconds())
	send(clusterLinks, prometheus.GaugeValue, float64(stats.Links))
	send(clusterRooms, prometheus.GaugeValue, float64(stats.Rooms), "here")
	send(clusterRooms, prometheus.GaugeValue, float64(stats.Elsewhere), "elsewhere")
	send(clusterClients, prometheus.GaugeValue, float64(stats.Guests), "guest")
	send(clusterClients, prometheus.GaugeValue, float64(stats.Seats), "seat")
	for _, counter := range []struct {
		desc  *prometheus.Desc
		value uint64
	}{
		{clusterPackets, stats.Packets},
		{clusterBytes, stats.Bytes},
		{clusterGaps, stats.Gaps},
		{clusterBroken, stats.Broken},
		{clusterTakeovers, stats.Takeovers},
		{clusterLost, stats.Lost},
		{clusterUnread, stats.Unread},
	} {
		send(counter.desc, prometheus.CounterValue, float64(counter.value))
	}
}
