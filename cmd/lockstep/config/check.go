package config

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/sync"
)

// reader collects the entries of a file.
type reader struct {
	file         string
	repositories []repositoryEntry
	apps         []appEntry
	// notifications may be missing.
	notifications []notificationEntry
}

type repositoryEntry struct {
	*entry
	Repository
}

type appEntry struct {
	*entry
	App
}

// check finds what is wrong with entries in the light of the others.
func (r *reader) check() {
	unique(r.repositories, "name", func(e repositoryEntry) (*entry, string) { return e.entry, e.name })
	unique(r.apps, "name", func(e appEntry) (*entry, string) { return e.entry, e.name })
	unique(r.apps, "paths", func(e appEntry) (*entry, string) {
		if e.Paths == "" {
			return e.entry, ""
		}
		return e.entry, strings.Join([]string{e.Repository, e.NamePrefix, e.Paths}, "\n")
	})
	unique(r.notifications, "name", func(e notificationEntry) (*entry, string) { return e.entry, e.name })
	r.checkRepositories()
	r.checkDependencies()
	r.checkCycles()
}

// unique refuses all entries that have a key in common: nobody could tell which of them is meant.
func unique[E any](entries []E, what string, of func(E) (*entry, string)) {
	first := map[string]*entry{}
	told := map[*entry]bool{}
	for _, item := range entries {
		e, key := of(item)
		other, again := first[key]
		switch {
		case key == "":
		case !again:
			first[key] = e
		default:
			e.fail(e.lineOf(what), "%s: the same as on line %d", what, other.lineOf(what))
			if !told[other] {
				told[other] = true
				other.fail(other.lineOf(what), "%s: the same as on line %d", what, e.lineOf(what))
			}
		}
	}
}

// checkRepositories refuses apps whose repository is not there to be read.
func (r *reader) checkRepositories() {
	there, refused := map[string]bool{}, map[string]bool{}
	for _, e := range r.repositories {
		if e.refused() {
			refused[e.name] = true
		} else {
			there[e.name] = true
		}
	}
	for _, e := range r.apps {
		name := e.Repository
		switch {
		case !isName(name) || there[name]:
		case refused[name]:
			e.fail(e.lineOf("repository"), "repository: %q is refused itself", name)
		default:
			e.fail(e.lineOf("repository"), "repository: there is none of the name %q", name)
		}
	}
}

// checkDependencies refuses apps that wait for what no entry can be. An app whose entry is refused is waited for as it is.
func (r *reader) checkDependencies() {
	named := r.named()
	for _, e := range r.apps {
		for _, name := range e.DependsOn {
			if _, ok := named[name]; !ok && isName(name) && len(r.many(name)) == 0 {
				e.fail(e.lineOf("dependsOn"), "dependsOn: there is no app of the name %q", name)
			}
		}
	}
}

// named returns the places of the apps in r.apps that have a name.
func (r *reader) named() map[string]int {
	named := map[string]int{}
	for i, e := range r.apps {
		if e.name != "" {
			named[e.name] = i
		}
	}
	return named
}

// many returns the places of the entries with paths that an app may be of.
func (r *reader) many(name string) []int {
	var places []int
	for i, e := range r.apps {
		if e.mayBe(name) {
			places = append(places, i)
		}
	}
	return places
}

// checkCycles refuses apps that wait for themselves. All apps of an entry with paths count as one; where several such
// entries may have the app that is waited for, only the folders will tell.
func (r *reader) checkCycles() {
	named := r.named()
	waits := map[string][]string{}
	for _, e := range r.apps {
		for _, name := range e.DependsOn {
			if place, ok := named[name]; ok {
				waits[e.label()] = append(waits[e.label()], r.apps[place].label())
			} else if places := r.many(name); len(places) == 1 {
				waits[e.label()] = append(waits[e.label()], r.apps[places[0]].label())
			}
		}
	}
	cycles := sync.Cycles(waits)
	for _, e := range r.apps {
		if way := cycles[e.label()]; way != "" {
			e.fail(e.lineOf("dependsOn"), "dependsOn: a cycle: %s", way)
		}
	}
}

// label is what people call the entry.
func (e appEntry) label() string {
	if e.name == "" {
		return e.NamePrefix + e.Paths
	}
	return e.name
}

// config returns the entries that are right, and what is wrong with the others.
func (r *reader) config() *Config {
	c := &Config{}
	for _, e := range r.repositories {
		c.Problems = append(c.Problems, e.problems...)
		if !e.refused() {
			c.Repositories = append(c.Repositories, e.Repository)
		}
	}
	for _, e := range r.apps {
		c.Problems = append(c.Problems, e.problems...)
		if e.refused() {
			c.Refused = append(c.Refused, e.refusedName())
			continue
		}
		c.Apps = append(c.Apps, e.App)
	}
	for _, e := range r.notifications {
		c.Problems = append(c.Problems, e.problems...)
		if !e.refused() {
			c.Notifications = append(c.Notifications, e.Notification)
		}
	}
	slices.Sort(c.Refused)
	c.Refused = slices.Compact(c.Refused)
	c.Problems = sortProblems(c.Problems)
	return c
}
