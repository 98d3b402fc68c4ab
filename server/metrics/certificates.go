package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"perfect-negotiation/server/certs"
)

var certificateExpiry = describe("certificate_expiry_timestamp_seconds", "When the certificate ends that clients were shown last, by its names.", "names")

// certificateCollector tells when the certificates end that were served.
type certificateCollector struct{ served *certs.Served }

// Describe implements [prometheus.Collector].
func (c certificateCollector) Describe(all chan<- *prometheus.Desc) { all <- certificateExpiry }

// Collect implements [prometheus.Collector].
func (c certificateCollector) Collect(all chan<- prometheus.Metric) {
	for names, until := range c.served.Until() {
		all <- prometheus.MustNewConstMetric(certificateExpiry, prometheus.GaugeValue, float64(until.Unix()), names)
	}
}
