package otlp

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/lockstep-dev/lockstep/sync"
)

// The messages of OTLP in their JSON encoding, as far as they are used.
type (
	request struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	resourceSpans struct {
		Resource   resource     `json:"resource"`
		ScopeSpans []scopeSpans `json:"scopeSpans"`
	}
	resource struct {
		Attributes []attribute `json:"attributes"`
	}
	scopeSpans struct {
		Scope scope  `json:"scope"`
		Spans []span `json:"spans"`
	}
	scope struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	span struct {
		TraceID    string      `json:"traceId"` // in hex, as the ids of spans
		SpanID     string      `json:"spanId"`
		Parent     string      `json:"parentSpanId,omitempty"`
		Name       string      `json:"name"`
		Kind       int         `json:"kind"`
		Start      string      `json:"startTimeUnixNano"`
		End        string      `json:"endTimeUnixNano"`
		Attributes []attribute `json:"attributes"`
		Status     *status     `json:"status,omitempty"`
	}
	attribute struct {
		Key   string `json:"key"`
		Value value  `json:"value"`
	}
	value struct {
		Text string `json:"stringValue"`
	}
	status struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
)

const (
	internal = 1 // the kind of a span that is no request
	failed   = 2 // the status of one that did not end well
)

func text(key, content string) attribute { return attribute{key, value{content}} }

func (e *Exporter) request(traces []sync.Trace) request {
	var spans []span
	for _, trace := range traces {
		spans = append(spans, e.spans(trace)...)
	}
	var attributes []attribute
	for _, key := range slices.Sorted(maps.Keys(e.resource)) {
		attributes = append(attributes, text(key, e.clean(e.resource[key])))
	}
	return request{[]resourceSpans{{
		Resource:   resource{attributes},
		ScopeSpans: []scopeSpans{{scope{"lockstep.dev/lockstep", e.version}, spans}},
	}}}
}

// spans are the pass, and its steps below it.
func (e *Exporter) spans(trace sync.Trace) []span {
	id := id(16)
	attributes := []attribute{text("lockstep.app", trace.App.Name), text("lockstep.repository", e.clean(trace.App.Repository))}
	if !trace.Revision.IsZero() {
		attributes = append(attributes, text("lockstep.revision", trace.Revision.String()), text("vcs.ref.head.revision", trace.Revision.Hash))
	}
	pass := newSpan(id, "", "pass", trace.Began, trace.Ended, attributes)
	if trace.State != "" {
		pass.Attributes = append(pass.Attributes[:len(attributes):len(attributes)], text("lockstep.state", string(trace.State)))
	}
	pass.Status = e.statusOf(trace.Err)
	spans := []span{pass}
	for i, step := range trace.Steps {
		below := newSpan(id, pass.SpanID, string(step.Step), step.Began, step.Ended, attributes)
		if i == len(trace.Steps)-1 {
			below.Status = pass.Status // it is the one that the pass ended in
		}
		spans = append(spans, below)
	}
	return spans
}

// statusOf is what a pass came to. That a newer commit came is no failure.
func (e *Exporter) statusOf(err error) *status {
	if err == nil || errors.Is(err, sync.ErrSuperseded) {
		return nil
	}
	message := err.Error()
	if wrapped, ok := errors.AsType[*sync.Error](err); ok {
		message = wrapped.Reason() + ": " + message
	}
	return &status{failed, e.clean(message)}
}

func newSpan(trace, parent, name string, began, ended time.Time, attributes []attribute) span {
	return span{
		TraceID: trace, SpanID: id(8), Parent: parent, Name: name, Kind: internal, Attributes: attributes,
		Start: strconv.FormatInt(began.UnixNano(), 10), End: strconv.FormatInt(ended.UnixNano(), 10),
	}
}

func id(bytes int) string {
	random := make([]byte, bytes)
	_, _ = rand.Read(random) // never fails
	return hex.EncodeToString(random)
}
