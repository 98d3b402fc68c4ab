// Package metrics tells an operator how a relay is doing, as Prometheus reads it.
// server/deploy/alerts.yml has rules for its metrics.
package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/certs"
	"perfect-negotiation/server/cluster"
	"perfect-negotiation/server/relay"
	"perfect-negotiation/server/turn"
)

// Build says which program runs.
type Build struct {
	Version string
	Source  string // hash of the negotiation source
}

// Sources are what has metrics.
type Sources struct {
	Relay        *relay.Relay
	TURN         *turn.Server  // nil: there is none
	Certificates *certs.Served // those that were served
	Node         *cluster.Node // nil: the relay serves alone
}

// Handler answers with the metrics of these and of the process: signal_*, go_* and
// process_*.
func Handler(of Sources, b Build) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collector{of.Relay, b},
		certificateCollector{of.Certificates},
	)
	if of.TURN != nil {
		registry.MustRegister(turnCollector{of.TURN})
	}
	if of.Node != nil {
		registry.MustRegister(clusterCollector{of.Node})
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

var (
	build         = describe("build_info", "1, with the program's version and the hash of its negotiation source.", "version", "source")
	ready         = describe("ready", "1 while new clients are let in, else 0.")
	connections   = describe("connections", "Open WebSockets, also those that are being closed.")
	rooms         = describe("rooms", "Rooms, each of which has at least one peer.")
	queueFrames   = describe("queue_frames", "Frames that wait to be written to clients.")
	queueBytes    = describe("queue_bytes", "Bytes of the frames that wait to be written to clients.")
	handshakes    = describe("handshakes_total", "WebSockets that were opened.")
	joins         = describe("joins_total", "Clients that were welcomed, also those that came back.")
	messages      = describe("messages_total", "Messages taken from clients to be passed on.")
	messageBytes  = describe("message_bytes_total", "Bytes of the messages taken from clients.")
	written       = describe("frames_total", "Frames written to clients.")
	writtenBytes  = describe("frame_bytes_total", "Bytes of the frames written to clients.")
	rejects       = describe("rejects_total", "Requests, clients and messages that were refused, by reason.", "reason")
	evictions     = describe("evictions_total", "Clients that the relay put out, by reason.", "reason")
	rejectReasons = []string{
		relay.RejectNotWebSocket, relay.RejectOrigin, relay.RejectAddress, relay.RejectFull, wire.CodeBusy,
		wire.CodeBadRoom, wire.CodeBadRole, wire.CodeBadRank, wire.CodeBadKey, wire.CodeBadProtocol,
		wire.CodeBadToken, wire.CodeTokenExpired, wire.CodeForbidden,
		wire.CodeRoleTaken, wire.CodeRoomFull, wire.CodeShutdown, wire.CodeUnavailable, wire.CodeBadMessage, wire.CodeNotFound,
	}
	evictionReasons = []string{relay.EvictSilent, wire.CodeSlow, wire.CodeTooLarge, wire.CodeReplaced, wire.CodeShutdown}
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("signal_"+name, help, labels, nil)
}

// collector reads a relay's counts when they are asked for, so that counting costs the
// relay an addition.
type collector struct {
	relay *relay.Relay
	build Build
}

// Describe implements [prometheus.Collector].
func (c collector) Describe(all chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, all) }

// Collect implements [prometheus.Collector].
func (c collector) Collect(all chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		all <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	stats, totals := c.relay.Stats(), c.relay.Totals()
	send(build, prometheus.GaugeValue, 1, c.build.Version, c.build.Source)
	open := 0.0
	if c.relay.Ready() {
		open = 1
	}
	for _, gauge := range []struct {
		desc  *prometheus.Desc
		value float64
	}{
		{ready, open},
		{connections, float64(stats.Connections)},
		{rooms, float64(stats.Rooms)},
		{queueFrames, float64(stats.QueueFrames)},
		{queueBytes, float64(stats.QueueBytes)},
	} {
		send(gauge.desc, prometheus.GaugeValue, gauge.value)
	}
	for _, counter := range []struct {
		desc  *prometheus.Desc
		value uint64
	}{
		{handshakes, totals.Handshakes},
		{joins, totals.Joins},
		{messages, totals.Messages},
		{messageBytes, totals.MessageBytes},
		{written, totals.Frames},
		{writtenBytes, totals.FrameBytes},
	} {
		send(counter.desc, prometheus.CounterValue, float64(counter.value))
	}
	byReason := func(d *prometheus.Desc, counts map[string]uint64, known []string) {
		for _, reason := range known { // from 0, so that a rate sees the first
			send(d, prometheus.CounterValue, float64(counts[reason]), reason)
			delete(counts, reason)
		}
		for reason, n := range counts {
			send(d, prometheus.CounterValue, float64(n), reason)
		}
	}
	byReason(rejects, totals.Rejects, rejectReasons)
	byReason(evictions, totals.Evictions, evictionReasons)
}
