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
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/util/flowcontrol"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// controller is who reports.
	controller = "lockstep.dev/lockstep"
	// perSecond and atOnce bound how many events are written.
	perSecond, atOnce = 5, 25
	// seriesFor is how long the same event is counted instead of written anew; the API server forgets it after an hour.
	seriesFor = 50 * time.Minute
	// mostSimilar events on an object for one reason are written in similarFor, as client-go has it; more are counted in the last.
	mostSimilar, similarFor = 10, 10 * time.Minute
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
	subject
	note string
}

// subject is what an event is about, whatever it says.
type subject struct {
	app                  string
	about                corev1.ObjectReference
	kind, action, reason string
}

// series is an event that has been written.
type series struct {
	event          *eventsv1.Event
	began, written time.Time
	count          int32
}

// similar are the events on one subject.
type similar struct {
	began  time.Time
	events int
	last   *series
}

// writer writes events, one after the other.
type writer struct {
	client   client.Client
	instance string
	log      *zap.Logger
	waiting  chan occurrence
	limit    flowcontrol.RateLimiter

	// What follows is used by run alone.
	known   map[occurrence]*series
	similar map[subject]*similar
	mute    map[string]time.Time // namespaces
	warned  map[string]bool      // likewise
	now     func() time.Time
}

func newWriter(c client.Client, instance string, log *zap.Logger) *writer {
	return &writer{
		client: c, instance: instance[:min(len(instance), 128)], log: log, waiting: make(chan occurrence, mostRecorded),
		limit: flowcontrol.NewTokenBucketRateLimiter(perSecond, atOnce),
		known: map[occurrence]*series{}, similar: map[subject]*similar{}, mute: map[string]time.Time{}, warned: map[string]bool{}, now: time.Now,
	}
}

// offer has an event written, unless too many wait.
func (w *writer) offer(o occurrence) {
	o.note = cut(oneLine(o.note), longestNote)
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

// write writes an event, or counts it if it has been written, at the pace of all of them.
func (w *writer) write(ctx context.Context, o occurrence) {
	now := w.now()
	if now.Before(w.mute[namespaceOf(o)]) {
		return
	}
	again := w.again(o, now)
	if again != nil {
		again.count++
		if now.Sub(again.written) < countEvery {
			return
		}
	}
	if w.limit.Wait(ctx) != nil {
		return
	}
	ctx, end := context.WithTimeout(ctx, writeWithin)
	defer end()
	if again != nil {
		again.written = now
		err := w.client.Patch(ctx, again.event.DeepCopy(), client.RawPatch("application/merge-patch+json", again.patch(now)))
		if !apierrors.IsNotFound(err) { // or the API server has forgotten it before its time
			w.failed(o, err)
			return
		}
	}
	event := w.event(o, now)
	err := w.client.Create(ctx, event)
	if err == nil {
		w.remember(o, &series{event: event, began: now, written: now, count: 1})
	}
	w.failed(o, err)
}

// again is what an occurrence is counted in instead of being written: its own series, or the last of too many on its subject.
func (w *writer) again(o occurrence, now time.Time) *series {
	if known := w.known[o]; known != nil && now.Sub(known.began) < seriesFor {
		return known
	}
	if others := w.similar[o.subject]; others != nil && now.Sub(others.began) < similarFor && others.events >= mostSimilar {
		return others.last
	}
	return nil
}

func (s *series) patch(now time.Time) []byte {
	return fmt.Appendf(nil, `{"series":{"count":%d,"lastObservedTime":%q}}`, s.count, now.UTC().Format(metav1.RFC3339Micro))
}

func (w *writer) remember(o occurrence, s *series) {
	if len(w.known) >= mostSeries {
		clear(w.known)
		clear(w.similar)
	}
	w.known[o] = s
	others := w.similar[o.subject]
	if others == nil || s.began.Sub(others.began) >= similarFor {
		others = &similar{began: s.began}
		w.similar[o.subject] = others
	}
	others.events, others.last = others.events+1, s
}

// failed notes that a namespace refuses events, and tells it once, but of one that is being deleted. Whatever else goes wrong is not
// worth another try.
func (w *writer) failed(o occurrence, err error) {
	switch {
	case err == nil:
		return
	case !apierrors.IsForbidden(err):
		w.log.Debug("an event is not written", zap.String("namespace", namespaceOf(o)), zap.Error(err))
		return
	}
	namespace := namespaceOf(o)
	w.mute[namespace] = w.now().Add(muted)
	if w.warned[namespace] || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return
	}
	w.warned[namespace] = true
	w.log.Warn("no events are written on objects; the right to create and patch events.events.k8s.io is missing",
		zap.String("namespace", namespace), zap.Error(err))
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
		ObjectMeta: metav1.ObjectMeta{Name: nameOf(o, now), Namespace: namespaceOf(o)},
		EventTime:  metav1.MicroTime{Time: now}, ReportingController: controller, ReportingInstance: w.instance,
		Action: o.action, Reason: o.reason, Type: o.kind, Note: o.note, Regarding: o.about,
	}
}

// nameOf is a name for an event that begins with that of its object, where it may: those of RBAC may hold a colon.
func nameOf(o occurrence, now time.Time) string {
	name := strings.TrimRight(o.about.Name[:min(len(o.about.Name), 200)], "-.")
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		name = strings.ToLower(o.about.Kind)
	}
	return fmt.Sprintf("%s.%x", name, now.UnixNano())
}
