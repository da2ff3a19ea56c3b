// Package charts holds the Helm chart, and the tests that prove it: what Helm makes of it, and what a real API server says
// of that. It is a Go module of its own, so that Helm is no dependency of the program.
package charts
