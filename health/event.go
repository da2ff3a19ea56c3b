package health

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// warningEvents is the field selector of the Events that explain: those that something goes wrong.
const warningEvents = "type=" + corev1.EventTypeWarning

// The reasons of Events that are read, as the scheduler, the kubelet and the controllers write them.
const (
	eventFailedScheduling   = "FailedScheduling"
	eventFailedMount        = "FailedMount"
	eventFailedMapVolume    = "FailedMapVolume"
	eventFailedAttachVolume = "FailedAttachVolume"
	eventUnhealthy          = "Unhealthy"
	eventFailed             = "Failed"
	eventInspectFailed      = "InspectFailed"
	eventFailedCreate       = "FailedCreate"
	eventProvisioningFailed = "ProvisioningFailed"
	eventFailedSandbox      = "FailedCreatePodSandBox"
	eventFailedPostStart    = "FailedPostStartHook"
	eventNoPullSecret       = "FailedToRetrieveImagePullSecret"
)

// readEvents are all of them. Of any other Event the words are not kept.
var readEvents = []string{
	eventFailedScheduling, eventFailedMount, eventFailedMapVolume, eventFailedAttachVolume, eventUnhealthy, eventFailed,
	eventInspectFailed, eventFailedCreate, eventProvisioningFailed, eventFailedSandbox, eventFailedPostStart,
	eventNoPullSecret,
}

// byInvolved groups events by the UID of the object that they are about, the newest last. An object that is deleted and
// made again is another one, so that none of them is about a pod or a revision before.
func byInvolved(events []*corev1.Event) map[types.UID][]*corev1.Event {
	about := map[types.UID][]*corev1.Event{}
	for _, e := range slices.SortedFunc(slices.Values(events), compareEvents) {
		about[e.InvolvedObject.UID] = append(about[e.InvolvedObject.UID], e)
	}
	return about
}

func compareEvents(a, b *corev1.Event) int {
	return cmp.Or(lastSaid(a).Compare(lastSaid(b)), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// firstSaid and lastSaid read the times of an Event in either of the two forms that the API has for it.
func firstSaid(e *corev1.Event) time.Time {
	if !e.FirstTimestamp.IsZero() {
		return e.FirstTimestamp.Time
	}
	return e.EventTime.Time
}

func lastSaid(e *corev1.Event) time.Time {
	latest := firstSaid(e)
	if e.LastTimestamp.After(latest) {
		latest = e.LastTimestamp.Time
	}
	if e.Series != nil && e.Series.LastObservedTime.After(latest) {
		latest = e.Series.LastObservedTime.Time
	}
	return latest
}

// timesSaid is how often the Event has happened.
func timesSaid(e *corev1.Event) int {
	if e.Series != nil {
		return max(1, int(e.Count), int(e.Series.Count))
	}
	return max(1, int(e.Count))
}

// spoken sums up Events of one sort about one object. Controllers put the names of the pods that they could not make into
// their words, so that what was said ten times may be ten Events.
type spoken struct {
	message     string // of the newest
	times       int
	first, last time.Time
}

// listen sums up the events about that object that is holds for. Zero times when there are none.
func (v *view) listen(about types.UID, is func(*corev1.Event) bool) spoken {
	var s spoken
	for _, e := range v.eventsOf[about] {
		if !is(e) {
			continue
		}
		if first := firstSaid(e); s.times == 0 || first.Before(s.first) {
			s.first = first
		}
		s.message, s.last = words(e), lastSaid(e)
		s.times += timesSaid(e)
	}
	return s
}

// lasted is how long it has been said.
func (s spoken) lasted() time.Duration { return s.last.Sub(s.first) }

// words are those of an Event, in one line and without what the recorder puts before them.
func words(e *corev1.Event) string {
	return oneLine(strings.TrimPrefix(e.Message, "(combined from similar events): "))
}

// saying returns whether an Event is of one of those reasons.
func saying(reasons ...string) func(*corev1.Event) bool {
	return func(e *corev1.Event) bool { return slices.Contains(reasons, e.Reason) }
}

// aboutContainer returns whether an Event is of that reason and about that container of its pod, or about none in
// particular.
func aboutContainer(name string, reasons ...string) func(*corev1.Event) bool {
	return func(e *corev1.Event) bool {
		path := e.InvolvedObject.FieldPath
		return slices.Contains(reasons, e.Reason) && (path == "" || strings.HasSuffix(path, "{"+name+"}"))
	}
}
