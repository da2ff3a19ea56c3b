package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"
)

// recreating is how long an object that is to be recreated may take to go.
const recreating = 5 * time.Second

// mayRecreate says why c may not be recreated, whoever asks; it is empty if it may.
func mayRecreate(c *Change, live *unstructured.Unstructured) (refused string) {
	switch {
	case isPrecious(c.ID):
		return "a " + c.ID.Kind + " is never recreated"
	case isLockstep(live):
		return "an object of Lockstep itself is never recreated"
	case !c.recorded || live.GetLabels()[OwnerLabel] != c.Desired.GetLabels()[OwnerLabel]:
		return "an object that this app has not applied before is not recreated"
	}
	return ""
}

// asksToRecreate reports whether the manifest or the live object asks for c to be recreated.
func asksToRecreate(c *Change, live *unstructured.Unstructured) bool {
	return annotated(c.Desired, ForceAnnotation, recreate) || annotated(live, ForceAnnotation, recreate)
}

// recreates reports whether err says that c can only be had by recreating the object, and that this is asked for; c then
// says so.
func (c *Change) recreates(err error) bool {
	immutable, ok := errors.AsType[*ImmutableError](err)
	if !ok || !immutable.asked || immutable.Refused != "" {
		return false
	}
	c.Why, c.Fields = "recreated: "+immutable.what(), immutable.all
	return true
}

// recreate deletes the live object of c, waits until it has gone, and applies c anew. A daemon that is killed in between
// finds an object missing that it has on record, and creates it.
func (a *Applier) recreate(ctx context.Context, c *Change) (*unstructured.Unstructured, error) {
	if _, err := a.clear(ctx, c); err != nil {
		return nil, fmt.Errorf("delete it to create it anew: %w", err)
	}
	answer, err := a.patch(ctx, c, c.withCount(c.count))
	if err != nil {
		return nil, fmt.Errorf("create it anew, now that it is deleted: %w", err)
	}
	return answer, nil
}

// clear deletes the live object of c, waits until it has gone, and returns it as it was; nil where there is none.
func (a *Applier) clear(ctx context.Context, c *Change) (live *unstructured.Unstructured, err error) {
	err = retry.RetryOnConflict(retry.DefaultRetry, func() (err error) {
		if live, err = a.fetch(ctx, c); live == nil || err != nil {
			return err
		}
		if refused := mayRecreate(c, live); refused != "" {
			return errors.New(refused) // it has just changed
		}
		return a.deleteExactly(ctx, live)
	})
	if err == nil && live != nil {
		err = a.awaitGone(ctx, c, live)
	}
	return live, err
}

// awaitGone waits until live, which is the object of c and was deleted, has gone.
func (a *Applier) awaitGone(ctx context.Context, c *Change, live *unstructured.Unstructured) error {
	going := &Change{ID: c.ID, Version: c.Version, Before: live}
	if err := a.await(ctx, []*Change{going}, recreating, func(*Change) {}); err != nil {
		return err
	}
	if going.Why != "" {
		return fmt.Errorf("not gone after %s: %s", recreating, going.Why)
	}
	return nil
}
