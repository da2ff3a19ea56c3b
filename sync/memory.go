package sync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
)

// ErrNameTaken says that the app on record is another one of the same name.
var ErrNameTaken = errors.New("give this one another name, or adopt that one's objects with --adopt")

// load reads what is on record of the app, and refuses the record of another app: what that one owns would be pruned. What
// this daemon itself has saved last is at hand; that somebody else has written since is noticed with the next save.
func (p *pass) load(ctx context.Context) error {
	if p.record != nil {
		return nil
	}
	record, err := p.Ledger.Load(ctx, p.App.Name)
	if errors.Is(err, inventory.ErrBroken) && p.Finder != nil {
		return p.rebuild(ctx, "could not be read")
	}
	if err != nil {
		return err
	}
	if !p.App.Adopt && isAnother(record, p.App) {
		return fmt.Errorf("an app %q is kept from path %q of %s: %w", p.App.Name, record.Path, record.Source, ErrNameTaken)
	}
	p.record, p.fresh = record, true
	return nil
}

// saveError is an error of a save, wherever in the pass it was made.
type saveError struct{ err error }

func (e *saveError) Error() string { return e.err.Error() }
func (e *saveError) Unwrap() error { return e.err }

// save writes the record. After an error it is loaded anew by the next pass.
func (p *pass) save(ctx context.Context) error {
	p.unsaved = false
	p.record.Overtook(p.outrun...)
	if err := p.Ledger.Save(ctx, p.record); err != nil {
		p.record = nil
		return &saveError{err}
	}
	p.outrun = nil
	return nil
}

// confirm sees to it that the record is the one in the cluster before anything is deleted by it.
func (p *pass) confirm(ctx context.Context) error {
	if p.unsaved {
		return p.save(ctx)
	}
	if p.fresh {
		return nil
	}
	record, err := p.Ledger.Load(ctx, p.App.Name)
	if err == nil && (record.Revision != p.record.Revision || !maps.Equal(record.Entries, p.record.Entries)) {
		p.record = nil
		return &saveError{fmt.Errorf("inventory of %s: %w", p.App.Name, inventory.ErrConflict)}
	}
	return err
}

// isAnother reports whether record is of another path or another remote than app's. A folder may be a clone anywhere,
// and so says nothing.
func isAnother(record *inventory.Inventory, app App) bool {
	isRemote := func(source string) bool { return strings.Contains(source, "://") }
	switch {
	case record.Source == "":
		return false
	case record.Path != app.Path:
		return true
	default:
		return isRemote(record.Source) && isRemote(app.Repository) && record.Source != app.Repository
	}
}

// intend puts objects that are about to be created on record before the first write, so that a daemon that is killed in
// between still knows what it may have made, and for which app. A commit that creates nothing costs no call.
func (p *pass) intend(ctx context.Context) error {
	p.describe()
	if p.outcome.Back == nil {
		p.record.Return = nil // whatever was held back, this commit is another
	}
	p.open()
	wanted := map[object.ID]inventory.Entry{}
	for _, c := range p.plan.Changes {
		if c.Action != apply.Skipped {
			wanted[c.ID] = inventory.Entry{Version: c.Version}
		}
	}
	entries := inventory.Union(wanted, p.record.Entries)
	if len(entries) == len(p.record.Entries) {
		return nil
	}
	if p.record.IsNew() {
		if err := p.Ledger.Ensure(ctx); err != nil {
			return err
		}
	}
	p.record.Entries = entries
	return p.save(ctx)
}

// describe puts on record where the app comes from, and what becomes of its objects when it goes.
func (p *pass) describe() {
	p.record.Source, p.record.Path = p.App.Repository, p.App.Path
	p.record.Set, p.record.Prune, p.record.Account, p.record.Leaving = p.App.Set, p.App.Prune, p.App.ServiceAccount, false
}

// applied notes what is in the cluster now; it is saved with the verdict, or when that takes long. Objects that are to be
// pruned stay on record until they are.
func (p *pass) applied(ctx context.Context) {
	p.tell(ctx, Event{Step: StepApply, Applied: p.plan})
	if p.plan.Writes() > 0 || p.record.Revision == "" {
		p.record.Revision = full(p.outcome.Revision)
	}
	if p.outcome.Back != nil {
		p.record.Revision = p.record.Return.To
	}
	p.watched, p.unsaved = map[object.ID]inventory.Entry{}, true
	now := time.Now()
	for _, c := range p.plan.Changes {
		if c.Action == apply.Skipped {
			continue
		}
		p.record.Entries[c.ID] = entry(c)
		p.watched[c.ID] = entry(c)
		if c.Drift && c.Action != apply.Unchanged {
			p.fights.corrected(c, now)
		}
	}
}

func entry(c *apply.Change) inventory.Entry {
	return inventory.Entry{Version: c.Version, Hash: c.Hash, Fingerprint: c.Fingerprint(), Yielded: c.Yielded(), Ended: c.Ended()}
}

// settled puts on record that the pass ended well: what was pruned is forgotten, and the commit is history.
func (p *pass) settled(ctx context.Context) error {
	if p.App.Prune && !p.rebuilt {
		p.forget()
	}
	p.record.Open = nil
	if p.outcome.Back != nil {
		p.returned()
		return p.save(ctx)
	}
	if p.outcome.First = p.isNew(); p.outcome.First {
		p.onTrial()
	}
	if err := p.keep(); err != nil {
		return err
	}
	if newest, _ := p.record.Verdict(); p.plan.Writes() > 0 || p.outcome.First || newest.State != string(Healthy) || len(p.outrun) > 0 {
		p.remember(Healthy, "")
	}
	return p.save(ctx)
}

// forget drops what is neither wanted nor there any more. An object that was left alone because somebody asked for it,
// or that a finalizer holds, stays ours.
func (p *pass) forget() {
	keep := map[object.ID]bool{}
	for _, c := range p.plan.Changes {
		keep[c.ID] = true
	}
	for _, c := range p.plan.Stale {
		keep[c.ID] = !c.Gone() && !c.HandedOver() && c.OwnedBy(p.App.Name)
	}
	maps.DeleteFunc(p.record.Entries, func(id object.ID, _ inventory.Entry) bool { return !keep[id] })
}

// remember adds the pass to the app's history, in place of an earlier pass over the same commit.
func (p *pass) remember(state State, reason string) {
	took, revision := time.Since(p.began), full(p.outcome.Revision)
	newest, _ := p.record.Verdict()
	again := newest.Revision == revision
	if again && newest.State == string(state) && newest.Reason == reason {
		return
	}
	if again {
		took = time.Since(newest.At)
	}
	p.record.History = slices.DeleteFunc(p.record.History, func(r inventory.Record) bool {
		return r.Revision == revision && (r.State == inventory.Overtaken || again && r == newest)
	})
	p.record.Remember(inventory.Record{
		Revision: revision,
		Author:   p.outcome.Snapshot.Author, Message: p.outcome.Snapshot.Message,
		State: string(state), Reason: reason, At: p.began, Duration: took, Objects: len(p.plan.Changes),
	})
}

// kept returns how many objects stay as they are, and at which revision.
func (p *pass) kept() (int, git.Revision) {
	if p.record == nil || p.record.Revision == "" {
		return 0, git.Revision{}
	}
	at, err := git.ParseRevision(p.record.Revision)
	if err != nil {
		return 0, git.Revision{}
	}
	applied := 0
	for _, entry := range p.record.Entries {
		if entry.Hash != "" { // without one an apply was only intended
			applied++
		}
	}
	return applied, at
}

// full is the revision's text with its whole hash, as [git.ParseRevision] reads it.
func full(r git.Revision) string {
	text, _ := r.MarshalText() // it never fails
	return string(text)
}
