package metrics

import (
	"net/http"
	"strconv"
	"strings"
)

// Transport counts the requests that go through next, which is that of a client of the API server.
func (m *Metrics) Transport(next http.RoundTripper) http.RoundTripper { return &counting{next, m} }

type counting struct {
	next    http.RoundTripper
	metrics *Metrics
}

// RoundTrip makes the request.
func (c *counting) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(request)
	code := "error"
	if err == nil {
		code = strconv.Itoa(response.StatusCode)
	}
	c.metrics.requests.WithLabelValues(verbOf(request), code).Inc()
	return response, err
}

// WrappedRoundTripper lets client-go find the connections to close.
func (c *counting) WrappedRoundTripper() http.RoundTripper { return c.next }

// verbs are the verbs of Kubernetes by the methods of HTTP.
var verbs = map[string]string{
	http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
}

// verbOf is what a request is to Kubernetes, as a Role has it.
func verbOf(request *http.Request) string {
	if verb := verbs[request.Method]; verb != "" {
		return verb
	}
	if watch := request.URL.Query().Get("watch"); watch != "" && watch != "0" && watch != "false" {
		return "watch"
	}
	if isCollection(request.URL.Path) {
		return "list"
	}
	return "get"
}

// isCollection reports whether a path names all objects of a kind: /apis/GROUP/VERSION[/namespaces/NAME]/RESOURCE.
func isCollection(path string) bool {
	_, rest, found := strings.Cut(path, "/apis/")
	parts := 2
	if !found {
		if _, rest, found = strings.Cut(path, "/api/"); !found {
			return false
		}
		parts = 1
	}
	below := strings.Split(strings.Trim(rest, "/"), "/")
	if len(below) <= parts {
		return false // discovery
	}
	below = below[parts:]
	if below[0] == "namespaces" && len(below) > 2 {
		below = below[2:]
	}
	return len(below) == 1
}
