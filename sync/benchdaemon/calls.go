package benchdaemon

import (
	"net/http"
	stdsync "sync"
)

// callCounter counts what goes to the API server.
type callCounter struct {
	mu    stdsync.Mutex
	calls map[string]int
}

// VerbOf names what a request to the API server does: GET, LIST, WATCH, APPLY, DRYRUN, WRITE.
func VerbOf(request *http.Request) string {
	query := request.URL.Query()
	switch {
	case request.Method == http.MethodGet && query.Has("watch"):
		return "WATCH"
	case request.Method == http.MethodGet && (query.Has("limit") || query.Has("resourceVersion")):
		return "LIST"
	case request.Method == http.MethodPatch && query.Has("dryRun"):
		return "DRYRUN"
	case request.Method == http.MethodPatch:
		return "APPLY"
	case request.Method == http.MethodGet:
		return "GET"
	}
	return "WRITE"
}

// callProxy counts by the one counter, whichever transport it wraps.
type callProxy struct {
	counter *callCounter
	next    http.RoundTripper
}

func (p *callProxy) RoundTrip(request *http.Request) (*http.Response, error) {
	p.counter.mu.Lock()
	p.counter.calls[VerbOf(request)]++
	p.counter.mu.Unlock()
	return p.next.RoundTrip(request)
}
