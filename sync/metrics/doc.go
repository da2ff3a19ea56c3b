// Package metrics counts what happens to apps, repositories and the API server, for Prometheus.
//
// [Metrics] is a [sync.Observer]; the states of apps come from a [status.Store] when they are asked for, so that no two
// accounts of them can differ. Every label is bounded: by the config, by the words of this program, or by HTTP. An app that
// goes takes its series with it, a repository likewise.
package metrics
