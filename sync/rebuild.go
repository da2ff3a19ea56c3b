package sync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
)

// rebuild makes a new record of what the live objects' owner labels say. It may be short of some, and names more than the
// lost one did where somebody else has put the label on; so nothing is pruned by it in this pass. Once it is saved it is a
// record like any other.
func (p *pass) rebuild(ctx context.Context, why string) error {
	owned, err := p.Finder.Owned(ctx, p.App.Name)
	if err != nil {
		return fmt.Errorf("rebuild the inventory, which %s: %w", why, err)
	}
	p.record, p.fresh, p.rebuilt = inventory.New(p.App.Name), true, true
	p.record.Entries = owned.Entries
	p.warning = fmt.Sprintf("the inventory %s: rebuilt from the labels of %d objects; nothing is pruned in this pass", why, len(owned.Entries))
	if len(owned.Skipped) > 0 {
		p.warning += "; not all kinds may be listed (" + strings.Join(owned.Skipped, ", ") + "): what is of those and no longer in git stays"
	}
	return nil
}

// recover notices that the inventory was lost: there is none, and yet objects carry the app's label.
func (p *pass) recover(ctx context.Context, plan *apply.Plan) error {
	labelled := func(c *apply.Change) bool { return c.OwnedBy(p.App.Name) }
	if p.Finder != nil && !p.rebuilt && len(p.record.Entries) == 0 && p.record.IsNew() && slices.ContainsFunc(plan.Changes, labelled) {
		if err := p.rebuild(ctx, "was lost"); err != nil {
			return err
		}
	}
	if p.warning != "" {
		plan.Warnings = append(plan.Warnings, p.warning)
	}
	return nil
}
