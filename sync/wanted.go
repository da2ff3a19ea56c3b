package sync

import (
	"context"
	"errors"
	"path"
	"strings"

	"go.uber.org/zap"
)

// wanted are the apps that the roster asks for now, by name.
func (f *Fleet) wanted(ctx context.Context) map[string]App {
	wanted := map[string]App{}
	for _, app := range f.roster.Apps {
		wanted[app.Name] = app
	}
	for _, set := range f.roster.Sets {
		for name, app := range f.found(set) {
			if other, taken := wanted[name]; taken {
				f.warn("a folder is no app", errors.New("another app has its name"), zap.String("folder", app.Path), zap.String("app", other.Name))
				continue
			}
			wanted[name] = app
		}
	}
	for _, set := range f.roster.Sets {
		f.seek(ctx, set, wanted)
	}
	f.finish(ctx, wanted)
	return wanted
}

// found are the apps of a set, by name: those that the newest commit has, or as they are when that cannot be told, or
// when so many are missing that this looks like an accident.
func (f *Fleet) found(set Set) map[string]App {
	before := map[string]App{}
	for name, app := range f.wished {
		if app.Set == set.App.Set {
			before[name] = set.of(app)
		}
	}
	feed := f.feeds[set.App.Feed]
	if feed == nil || feed.feed.last().Revision.IsZero() {
		return before
	}
	now, wrong, err := set.in(feed.feed.last())
	for _, one := range wrong {
		f.warn("a folder is no app", one)
	}
	if err != nil {
		f.warn("folders cannot be read", err, zap.String("pattern", set.Pattern))
		return before
	}
	missing := 0
	for name := range before {
		if _, is := now[name]; !is {
			missing++
		}
	}
	if tooFew(len(before), missing) {
		for name, app := range before {
			if _, is := now[name]; !is {
				now[name] = app
			}
		}
	}
	return now
}

// of returns what the set says of an app that it had before.
func (s Set) of(app App) App {
	is := s.App
	is.Name, is.Path, is.Namespace = app.Name, app.Path, app.Namespace
	is.ServiceAccount = strings.ReplaceAll(is.ServiceAccount, AppPlaceholder, path.Base(app.Path))
	return is
}
