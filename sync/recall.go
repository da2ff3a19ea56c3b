package sync

import (
	"context"
	"path"
	"strings"

	"github.com/lockstep-dev/lockstep/apply/inventory"
)

// recalled reads what is on record, if there are apps to keep, and reports whether it is known.
func (f *Fleet) recalled(ctx context.Context) bool {
	if len(f.shifts) > 0 {
		f.recall(ctx)
	}
	return len(f.shifts) > 0 && f.read
}

// recall reads what is on record of all apps, unless it has been read.
func (f *Fleet) recall(ctx context.Context) {
	if f.Records == nil || f.read {
		return
	}
	records, err := f.Records(ctx)
	switch {
	case ctx.Err() != nil || isNetwork(err):
		return // of a cluster that is away the apps themselves say so
	case err != nil:
		f.warn("apps that left before cannot be looked for", err)
		return
	}
	f.records, f.read = records, true
}

// seek looks, once a set and daemon, for the apps that are on record as the set's and that its folders do not have any
// more. They are retired, but when so many are missing that this looks like an accident: then each is looked after, and
// says for itself that its path is gone. Those whose leaving was begun by a daemon before go in any case.
func (f *Fleet) seek(ctx context.Context, set Set, wanted map[string]App) {
	feed := f.feeds[set.App.Feed]
	if f.sought[set.App.Set] || feed == nil || feed.feed.last().Revision.IsZero() || !f.recalled(ctx) {
		return
	}
	f.sought[set.App.Set] = true
	var gone []App
	mine := 0
	for _, record := range f.records {
		if record.Set != set.App.Set || f.roster.refuses(record.App) {
			continue
		}
		_, is := wanted[record.App]
		switch missing := !is && f.members[record.App] == nil; {
		case missing && record.Leaving:
			f.resume(ctx, set.recorded(record)) // that was decided, and is no accident
			continue
		case missing:
			gone = append(gone, set.recorded(record))
		}
		mine++
	}
	accident := tooFew(mine, len(gone))
	for _, app := range gone {
		if accident {
			wanted[app.Name] = app
		} else {
			f.resume(ctx, app)
		}
	}
}

// recorded is an app of the set as it is on record.
func (s Set) recorded(record *inventory.Inventory) App {
	app := s.App
	app.Name, app.Path, app.Prune, app.ServiceAccount = record.App, record.Path, record.Prune, record.Account
	app.Namespace = strings.ReplaceAll(app.Namespace, AppPlaceholder, path.Base(record.Path))
	return app
}
