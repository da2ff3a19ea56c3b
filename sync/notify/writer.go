package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/flowcontrol"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// controller is who reports.
	controller = "lockstep.dev/lockstep"
	// perSecond and atOnce bound how many events are written.
	perSecond, atOnce = 2, 25
	// seriesFor is how long the same event is counted instead of written anew; the API server forgets it after an hour.
	seriesFor = 50 * time.Minute
	// countEvery is how often the count of one event is written at most.
	countEvery = time.Minute
	// mostSeries are remembered.
	mostSeries = 1000
	// muted is how long no event is written into a namespace that refuses them.
	muted = 10 * time.Minute
	// longestNote is how long a note may be, as the API has it.
	longestNote = 1024
	writeWithin = 10 * time.Second
)

// occurrence is something to write an event of. It is comparable: the same again is a series.
type occurrence struct {
	about                      corev1.ObjectReference
	kind, action, reason, note string
}

// series is an event that has been written.
type series struct {
	event          *eventsv1.Event
	began, written time.Time
	count          int32
}

// writer writes events, one after the other.
type writer struct {
	client   client.Client
	instance string
	log      *zap.Logger
	waiting  chan occurrence
	limit    flowcontrol.PassiveRateLimiter

	// What follows is used by run alone.
	known  map[occurrence]*series
	mute   map[string]time.Time // namespaces
	warned bool
	now    func() time.Time
}

func newWriter(c client.Client, instance string, log *zap.Logger) *writer {
	return &writer{
		client: c, instance: instance[:min(len(instance), 128)], log: log, waiting: make(chan occurrence, mostRecorded),
		limit: flowcontrol.NewTokenBucketPassiveRateLimiter(perSecond, atOnce),
		known: map[occurrence]*series{}, mute: map[string]time.Time{}, now: time.Now,
	}
}

// offer has an event written, unless too many wait.
func (w *writer) offer(o occurrence) {
	o.note = cut(strings.Join(strings.Fields(o.note), " "), longestNote)
	select {
	case w.waiting <- o:
	default:
	}
}

// run writes until ctx ends, and then what still waits, within a moment.
func (w *writer) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			leaving, end := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
			defer end()
			for len(w.waiting) > 0 && leaving.Err() == nil {
				w.write(leaving, <-w.waiting)
			}
			return nil
		case o := <-w.waiting:
			w.write(ctx, o)
		}
	}
}

// write writes an event, or counts it if it has been written. Where too much happens at once it is dropped.
func (w *writer) write(ctx context.Context, o occurrence) {
	now := w.now()
	if now.Before(w.mute[namespaceOf(o)]) {
		return
	}
	known := w.known[o]
	if known != nil && now.Sub(known.began) < seriesFor {
		known.count++
		if now.Sub(known.written) < countEvery {
			return
		}
	}
	if !w.limit.TryAccept() {
		return
	}
	ctx, end := context.WithTimeout(ctx, writeWithin)
	defer end()
	if known != nil && now.Sub(known.began) < seriesFor {
		known.written = now
		w.failed(o, w.client.Patch(ctx, known.event.DeepCopy(), client.RawPatch("application/merge-patch+json", known.patch(now))))
		return
	}
	event := w.event(o, now)
	err := w.client.Create(ctx, event)
	if err == nil {
		w.remember(o, &series{event: event, began: now, written: now, count: 1})
	}
	w.failed(o, err)
}

func (s *series) patch(now time.Time) []byte {
	return fmt.Appendf(nil, `{"series":{"count":%d,"lastObservedTime":%q}}`, s.count, now.UTC().Format(metav1.RFC3339Micro))
}

func (w *writer) remember(o occurrence, s *series) {
	if len(w.known) >= mostSeries {
		clear(w.known)
	}
	w.known[o] = s
}

// failed notes that a namespace refuses events. Whatever else goes wrong is not worth another try.
func (w *writer) failed(o occurrence, err error) {
	if !apierrors.IsForbidden(err) {
		return
	}
	w.mute[namespaceOf(o)] = w.now().Add(muted)
	if !w.warned {
		w.warned = true
		w.log.Warn("no events are written on objects; the right to create and patch events.events.k8s.io is missing", zap.Error(err))
	}
}

// namespaceOf is where an event is: beside its object, or in default for one of the whole cluster.
func namespaceOf(o occurrence) string {
	if o.about.Namespace == "" {
		return metav1.NamespaceDefault
	}
	return o.about.Namespace
}

func (w *writer) event(o occurrence, now time.Time) *eventsv1.Event {
	return &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%.200s.%x", o.about.Name, now.UnixNano()), Namespace: namespaceOf(o),
		},
		EventTime: metav1.MicroTime{Time: now}, ReportingController: controller, ReportingInstance: w.instance,
		Action: o.action, Reason: o.reason, Type: o.kind, Note: o.note, Regarding: o.about,
	}
}
