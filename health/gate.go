package health

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/rest"

	"github.com/lockstep-dev/lockstep/health/probe"
)

// Gate waits for objects to become healthy, and follows them afterwards, on watches that all its checks share.
//
// A Gate starts nothing by itself. The first check that needs a watch starts it, in a goroutine that the Gate owns; it
// serves all checks of its kind and namespace, and ends [Linger] after the last of them, or in [Gate.Close]. The reports
// are computed in a few goroutines of the Gate, whoever waits for them. All methods may be called from several goroutines.
type Gate struct {
	// Proof is how long a pod has to stay ready that no readiness probe asks: see [DefaultProof]. It is not to be changed
	// once a check has begun. Zero takes the kubelet's word at once.
	Proof time.Duration

	mapper   meta.RESTMapper
	sources  *sources
	lookers  *lookers
	logs     *logs
	rooms    *rooms
	presence *presence
	prober   *probe.Client
	waiting  atomic.Int64 // checks that are not Current now
}

// Linger is how long a watch outlives the last check that needed it, so that the next commit finds it warm.
const Linger = 30 * time.Second

// ErrClosed is the error of a check on a closed Gate.
var ErrClosed = errors.New("the gate is closed")

// NewGate returns a Gate that watches through config and finds the resources of kinds with mapper. It makes no request.
// The rate limit of config is not used, nor its timeout, since watches have no end: Priority and Fairness in the API
// server is what limits them.
func NewGate(config *rest.Config, mapper meta.RESTMapper) (*Gate, error) {
	clients, err := newClients(config)
	if err != nil {
		return nil, fmt.Errorf("make clients for the health gate: %w", err)
	}
	prober, err := newProber(config)
	if err != nil {
		return nil, err
	}
	core := clients.typed[corev1.SchemeGroupVersion]
	sources := newSources(clients)
	return &Gate{
		mapper: mapper, sources: sources, lookers: newLookers(sources.closed), logs: newLogs(core), rooms: newRooms(core), prober: prober,
		presence: newPresence(clients.metadata),
	}, nil
}

// Close ends all watches and returns when they have ended. Checks that still run return [ErrClosed].
func (g *Gate) Close() {
	g.logs.close()
	g.rooms.close()
	g.presence.close()
	g.sources.close()
	g.lookers.end()
	g.prober.Close()
}

// Check is what a gate is asked about.
type Check struct {
	// Objects are those whose health counts.
	Objects []*Applied
	// Timeout is how long Wait waits; 0 is for ever. Follow does not look at it.
	Timeout time.Duration
	// Allowed is the whole time of which Timeout is what is left, where some of it has been waited before: it is what a
	// report says that is over. Zero is Timeout.
	Allowed time.Duration
	// Probes are asked once all else is healthy, until they are answered: only then the report is Current. Each names its
	// namespace; only Services that are among Objects are asked.
	Probes []probe.URL
	// Rules say when objects are healthy whose kinds have a way of their own to tell.
	Rules Rules
	// Progress, if not nil, is called with the first report and with each one that differs from the last, before Wait or
	// Follow return, and never by two goroutines at a time. The report is not changed afterwards. It must not block.
	Progress func(*Report)
}

// Wait returns when all objects of c are healthy, and its probes are answered. Otherwise the error is a [*Failure] when a
// problem is terminal or the timeout is over; ctx's cause as soon as ctx ends; and any other when the objects cannot be
// watched or the probes not be asked: one for which apierrors.IsForbidden holds names the verb, the resource and the
// namespace. The report is the last one made, with any error; nil if there was none yet.
//
// While the API server is away, Wait goes on.
func (g *Gate) Wait(ctx context.Context, c Check) (*Report, error) {
	s, err := g.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer s.close()
	s.begins()
	var expiry <-chan time.Time
	if c.Timeout > 0 {
		timer := time.NewTimer(c.Timeout)
		defer timer.Stop()
		expiry = timer.C
	}
	for {
		if err := g.lookers.refresh(ctx, s); err != nil {
			return s.report, err
		}
		if err := s.refused(); err != nil {
			return s.report, err
		}
		switch {
		case s.report == nil:
		case s.report.Status == Current:
			return s.report, nil
		case s.report.Status == Failed:
			return s.report, &Failure{s.report}
		}
		select {
		case <-ctx.Done():
			return s.report, context.Cause(ctx)
		case <-g.sources.closed:
			return s.report, ErrClosed
		case <-expiry:
			err := s.expire(ctx)
			return s.report, err
		case <-s.wake:
		}
	}
}

// Follow reports the state of the objects of c until ctx ends, and returns its cause. A terminal problem does not end it,
// nor does a watch that is forbidden, whose report is Unknown and says so, nor a probe that cannot be asked.
func (g *Gate) Follow(ctx context.Context, c Check) error {
	s, err := g.open(ctx, c)
	if err != nil {
		return err
	}
	s.follows = true
	defer s.close()
	for {
		if err := g.lookers.refresh(ctx, s); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-g.sources.closed:
			return ErrClosed
		case <-s.wake:
		}
	}
}
