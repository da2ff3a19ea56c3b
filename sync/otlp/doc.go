// Package otlp sends the account of each pass to a collector of OpenTelemetry, as a trace: a span for the pass, and one for each
// of its steps.
//
// It speaks OTLP over HTTP in its JSON encoding. The SDK of OpenTelemetry is not used, as it brings gRPC along, which a daemon
// that sends a handful of spans a minute has no other use for. A collector that is slow or down delays nobody.
package otlp
