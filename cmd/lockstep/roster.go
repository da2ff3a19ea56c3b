package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// source is one branch of one repository, opened once for all of its apps.
type source struct {
	repository *git.Repository
	name       string // in the file, when it was opened: what its metrics are called by
	key        string // of its feed: where anything in it changes, its apps start anew
	feed       *sync.Feed
}

// keyOf names a feed by all that makes it another one.
func keyOf(r config.Repository) string { return fmt.Sprintf("%s %s", openedAs(r), r.Interval) }

// openedAs names a repository by all that it is opened with.
func openedAs(r config.Repository) string {
	return fmt.Sprintf("%s %s%+q %q %q %q %s", r.URL, r.Branch, r.Ref, r.Keys, r.Credentials, r.Proxy, r.Timeout)
}

// optionsOf are those of an entry of the file.
func optionsOf(r config.Repository, cache copies) git.Options {
	return git.Options{
		URL: r.URL, Branch: r.Branch, Ref: r.Ref, Keys: r.Keys, Credentials: r.Credentials, Proxy: r.Proxy, Timeout: r.Timeout,
		Dir: cache.dir, Space: cache.space,
	}
}

// readOf are the folders, and patterns of them, that apps of the file read of a repository, however many entries open it.
func readOf(read *config.Config, r config.Repository) []string {
	var names, folders []string
	for _, other := range read.Repositories {
		if openedAs(other) == openedAs(r) {
			names = append(names, other.Name)
		}
	}
	for _, app := range read.Apps {
		if slices.Contains(names, app.Repository) {
			folders = append(folders, cmp.Or(app.Path, app.Paths))
		}
	}
	return folders
}

// appOf is an entry of the file as an app of the repository, which is on record under that name; of an entry with paths,
// what its apps have in common.
func appOf(entry config.App, repository string) sync.App {
	app := sync.App{
		Name: entry.Name, Repository: repository, Path: entry.Path,
		Namespace: entry.Namespace, ServiceAccount: entry.ServiceAccount, Vars: entry.Vars,
		Prune: entry.Prune, AllowPrune: entry.AllowPrune, Force: entry.Force, DetectOnly: entry.DetectOnly, Rollback: entry.Rollback,
		DependsOn: entry.DependsOn, Suspend: entry.Suspend, Timeout: entry.Timeout, Probes: entry.Probes, Rules: entry.Rules,
	}
	if app.ServiceAccount != "" && !strings.Contains(app.ServiceAccount, "/") {
		app.ServiceAccount = app.Namespace + "/" + app.ServiceAccount
	}
	if entry.Paths != "" {
		app.Set = repository + " " + entry.Paths
	}
	return app
}

// app is an entry of the file as a fleet takes it.
func (s *source) app(entry config.App) sync.App {
	app := appOf(entry, s.repository.String())
	app.Feed = s.key
	return app
}

// rosterOf is what the file asks for, of the repositories that could be opened, by their names in the file.
func rosterOf(file *config.Config, sources map[string]*source) sync.Roster {
	roster := sync.Roster{Feeds: map[string]*sync.Feed{}}
	for _, from := range sources {
		roster.Feeds[from.key] = from.feed
	}
	for _, entry := range file.Apps {
		from := sources[entry.Repository]
		switch {
		case from == nil:
		case entry.Paths != "":
			roster.Sets = append(roster.Sets, sync.Set{App: from.app(entry), Pattern: entry.Paths, Prefix: entry.NamePrefix})
		default:
			roster.Apps = append(roster.Apps, from.app(entry))
		}
	}
	return roster
}

// followed are the names of the repositories that a roster has.
func followed(roster sync.Roster, sources map[string]*source) []string {
	var names []string
	for key := range roster.Feeds {
		if from := sources[key]; from != nil {
			names = append(names, from.name)
		}
	}
	return names
}

// keep puts those of the apps before into roster that it does not have because their entry cannot be read: they have not
// left, and stay as they were, on the feeds that they had.
func keep(roster, before sync.Roster, refuses func(name string) bool) sync.Roster {
	for _, app := range before.Apps {
		there := slices.ContainsFunc(roster.Apps, func(other sync.App) bool { return other.Name == app.Name })
		if !there && refuses(app.Name) {
			roster.Apps = append(roster.Apps, app)
			roster.Feeds[app.Feed] = cmp.Or(roster.Feeds[app.Feed], before.Feeds[app.Feed])
		}
	}
	for _, set := range before.Sets {
		there := slices.ContainsFunc(roster.Sets, func(other sync.Set) bool { return other.App.Set == set.App.Set })
		if !there && refuses("") {
			roster.Sets = append(roster.Sets, set)
			roster.Feeds[set.App.Feed] = cmp.Or(roster.Feeds[set.App.Feed], before.Feeds[set.App.Feed])
		}
	}
	return roster
}
