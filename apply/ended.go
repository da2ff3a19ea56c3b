package apply

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// A Job with ttlSecondsAfterFinished is deleted some time after it has ended, whether it is complete or has failed. That it is
// gone is no drift then: made again it would run again. How it has ended goes on record as soon as that is seen, with the
// digest of the manifest that it was made of: a changed Job runs, and one that somebody has deleted before its end, too.

// endOf is how the object of c has ended as it is asked for: as it shows itself, as the mirror has seen it go, or as it is on
// record. It is zero for one that is yet to run, or to end.
func (a *Applier) endOf(ctx context.Context, c *Change, entry inventory.Entry, request Request) object.End {
	same := entry.Hash == c.Hash && c.recorded
	returns := !same && request.restores() && ends(c.Desired)
	c.overlook(returns || same && isPast(entry))
	c.late = returns && c.seen != nil
	switch {
	case c.seen != nil:
		return c.seen.Ended
	case returns:
		return object.End{Condition: object.Complete}
	case same && entry.Ended != (object.End{}):
		return entry.Ended
	case same && a.mirror != nil:
		return a.mirror.Ended(ctx, c.ID, c.Version)
	}
	return object.End{}
}

// overlook takes a live object that has ended for none where it is of what came after the one that is asked for: it is on its way
// out.
func (c *Change) overlook(later bool) {
	if later && c.seen != nil && c.seen.Ended != (object.End{}) {
		c.seen, c.Before, c.Live = nil, nil, nil
	}
}

// restores reports whether the manifests are of a state that was healthy, and so of Jobs that were complete: what came after
// them does not have them run once more.
func (r Request) restores() bool { return r.Returning && !r.Past }

// overtake deletes the live object of c, a Job that came after the state which is gone back to and has not ended: its template
// could not be changed, and that of the state is not to run once more. It returns when the mirror does not show it any more either,
// since it would be taken for drift.
func (a *Applier) overtake(ctx context.Context, c *Change) error {
	live, err := a.clear(ctx, c)
	if err == nil && live != nil && a.mirror != nil {
		err = wait.PollUntilContextTimeout(ctx, lookAgain, recreating, true, func(ctx context.Context) (gone bool, _ error) {
			seen, found, known := a.mirror.Find(ctx, c.ID, c.Version)
			return !known || !found || seen.UID != live.GetUID(), nil
		})
	}
	if err != nil {
		return fmt.Errorf("delete what came after it: %w", err)
	}
	c.seen, c.Before, c.Live, c.ended = nil, nil, nil, object.End{Condition: object.Complete}
	c.Why = "deleted, as it came after the state that is live again: there it was complete"
	return nil
}

// lookAgain is how often the mirror is looked at.
const lookAgain = 10 * time.Millisecond

// ends tells a Job that is asked to run, and is deleted some time after that.
func ends(o *unstructured.Unstructured) bool {
	_, mortal, _ := unstructured.NestedInt64(o.Object, "spec", "ttlSecondsAfterFinished")
	suspended, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend")
	return o.GetKind() == "Job" && o.GroupVersionKind().Group == "batch" && mortal && !suspended
}

// isPast tells an object on record that had ended and gone when it was put there.
func isPast(entry inventory.Entry) bool {
	return entry.Ended != (object.End{}) && entry.Fingerprint == ""
}

// over reports whether the object of c has ended and is gone.
func (c *Change) over() bool { return c.seen == nil && c.ended != (object.End{}) }

func whyOver(end object.End) string {
	if end.Condition == object.Failed {
		return "it has failed, and was removed after its time to live"
	}
	return "it is complete, and was removed after its time to live"
}

// Ended is how the object has ended, for the inventory: zero of one that may still run.
func (c *Change) Ended() object.End {
	if c.seen != nil {
		return c.seen.Ended
	}
	return c.ended
}

// Ended returns the objects on record that have ended without the record saying so, and how, as far as the mirror shows. It
// makes no call but for the first list of a kind.
func (a *Applier) Ended(ctx context.Context, recorded map[object.ID]inventory.Entry) map[object.ID]object.End {
	ended := map[object.ID]object.End{}
	if a.mirror == nil {
		return ended
	}
	for id, entry := range recorded {
		if id.Kind != "Job" || entry.Ended != (object.End{}) {
			continue
		}
		if end := a.mirror.Ended(ctx, id, entry.Version); end != (object.End{}) {
			ended[id] = end
		}
	}
	return ended
}
