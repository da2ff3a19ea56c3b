package otlp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/sync"
)

const (
	// mostWaiting traces are kept for a collector that does not answer; what comes on top of them is dropped.
	mostWaiting = 512
	// batch is how many traces are sent at once, and gather how long they are waited for.
	batch  = 64
	gather = time.Second
	// answerTimeout is how long the collector may take, and goodbye how long in all when the daemon ends.
	answerTimeout = 10 * time.Second
	goodbye       = 2 * time.Second
	longestAnswer = 64 << 10
)

// Exporter sends traces to one collector. It is safe for concurrent use.
type Exporter struct {
	url      string
	headers  map[string]string
	resource map[string]string // its attributes
	version  string
	clean    func(string) string
	log      *zap.Logger
	client   *http.Client
	waiting  chan sync.Trace
	dropped  atomic.Int64 // traces, since it was said
	dropping bool         // some were when it was looked at last; used by Run alone
	failed   bool         // the collector was said to be out of order; used by Run alone
}

// New returns an Exporter to a collector, of a program of that version. All texts that it sends have gone through clean.
func New(to Collector, version string, clean func(string) string, log *zap.Logger) (*Exporter, error) {
	if err := to.Check(); err != nil {
		return nil, err
	}
	address, err := to.address()
	if err != nil {
		return nil, err
	}
	return &Exporter{
		url: address, headers: to.Headers, resource: to.resource(version), version: version, clean: clean, log: log,
		waiting: make(chan sync.Trace, mostWaiting),
		client: &http.Client{Transport: to.transport(), Timeout: answerTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
	}, nil
}

// Traced has the account of a pass sent, unless it only looked, or too many wait.
func (e *Exporter) Traced(trace sync.Trace) {
	if trace.Looked() {
		return
	}
	select {
	case e.waiting <- trace:
	default:
		e.dropped.Add(1)
	}
}

// Run sends until ctx ends, and then what still waits, within a moment.
func (e *Exporter) Run(ctx context.Context) error {
	defer e.client.CloseIdleConnections()
	for {
		select {
		case <-ctx.Done():
			leaving, end := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
			defer end()
			for len(e.waiting) > 0 && leaving.Err() == nil {
				e.send(leaving, e.gathered(leaving, <-e.waiting))
			}
			return nil
		case first := <-e.waiting:
			attempt, over := outliving(ctx)
			e.send(attempt, e.gathered(ctx, first))
			over()
		}
	}
}

// outliving returns a context for an attempt, which may go on for a moment when ctx ends.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	attempt, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(goodbye, cancel) })
	return attempt, func() {
		stop()
		cancel()
	}
}

// gathered returns the first trace and those that come soon after it; of a daemon that ends those that are there.
func (e *Exporter) gathered(ctx context.Context, first sync.Trace) []sync.Trace {
	traces := []sync.Trace{first}
	soon := time.NewTimer(gather)
	defer soon.Stop()
	for len(traces) < batch {
		select {
		case next := <-e.waiting:
			traces = append(traces, next)
			continue
		default:
		}
		if _, leaving := ctx.Deadline(); leaving {
			return traces
		}
		select {
		case next := <-e.waiting:
			traces = append(traces, next)
		case <-soon.C:
			return traces
		case <-ctx.Done():
			return traces
		}
	}
	return traces
}

// send makes one attempt: traces are not worth more. That the collector is out of order is said once until it works again, and that
// it is too slow likewise.
func (e *Exporter) send(ctx context.Context, traces []sync.Trace) {
	ctx, end := context.WithTimeout(ctx, answerTimeout)
	defer end()
	err := e.post(ctx, traces)
	if err != nil && !e.failed {
		e.log.Warn("traces are not taken", zap.Error(err))
	}
	e.failed = err != nil
	dropped := e.dropped.Swap(0)
	if dropped > 0 && !e.dropping {
		e.log.Warn("traces are dropped, as the collector is too slow", zap.Int64("traces", dropped))
	}
	e.dropping = dropped > 0
}

func (e *Exporter) post(ctx context.Context, traces []sync.Trace) error {
	body, err := json.Marshal(e.request(traces))
	if err != nil {
		return fmt.Errorf("encode traces: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range e.headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "lockstep/"+e.version)
	answer, err := e.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.CopyN(io.Discard, answer.Body, longestAnswer) // so that the connection can be used again
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the collector answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	return nil
}
