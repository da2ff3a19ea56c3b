package apply

import (
	"context"
)

// look finds out whether the live object is there. What the mirror shows costs no call. It does not show objects without
// our label: one that this app has on record may have lost it, and of any other a rehearsal will tell. A kind that the
// plan itself brings has no objects.
func (a *Applier) look(ctx context.Context, c *Change) error {
	if c.deferred {
		return nil
	}
	if a.mirror != nil {
		seen, found, known := a.mirror.Find(ctx, c.ID, c.Version)
		switch {
		case known && found:
			c.seen = &seen
			return nil
		case known && !c.recorded && !carries(c.ID):
			c.unsought = true
			return nil
		}
	}
	return a.readLive(ctx, c)
}

// readLive reads the live object.
func (a *Applier) readLive(ctx context.Context, c *Change) error {
	live, err := a.fetch(ctx, c)
	if err == nil && live != nil {
		c.found(live)
	} else if err == nil {
		c.seen = nil
	}
	return err
}

// compared reads the live objects of which one wants to say what changes in them, and cannot from what was applied
// before: drift, and an object whose last manifest is not at hand.
func (a *Applier) compared(ctx context.Context, changed []*Change) error {
	var unread []*Change
	for _, c := range changed {
		if c.seen != nil && c.Before == nil && (c.Drift || c.previous == nil || c.seen.Replicas && c.yielded) {
			unread = append(unread, c)
		}
	}
	return a.each(ctx, unread, a.readLive)
}
