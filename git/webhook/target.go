package webhook

import (
	"slices"
	"strings"
)

// Target is a repository that webhooks may wake.
type Target struct {
	Provider   Provider
	Secrets    *Secrets
	Repository string // its address, as it is followed
	Branch     string // whose pushes count; pushes to other branches wake nobody. Empty for all of them
	Ref        string // the whole name of another ref that is followed; only it is woken by a pull request. Empty for none
	Wake       func() // must not block; may be called at any time, from several goroutines
}

// targeted is a target and its place.
type targeted struct {
	Target
	place place
}

type targets []targeted

// wake wakes the targets that the event is about.
func (t targets) wake(event Event) {
	if !event.Moved {
		return
	}
	var given []place
	for _, address := range event.Repositories {
		given = append(given, placeOf(address))
	}
	if !t.wakeWhere(event, func(p place) bool { return len(given) == 0 || slices.ContainsFunc(given, p.is) }) {
		t.wakeWhere(event, func(p place) bool { return slices.ContainsFunc(given, p.named) })
	}
}

// wakeWhere reports whether there was any such place.
func (t targets) wakeWhere(event Event, meant func(place) bool) (found bool) {
	for _, one := range t {
		if !meant(one.place) {
			continue
		}
		found = true
		if one.follows(event.Refs) {
			one.Wake()
		}
	}
	return found
}

// follows reports whether the refs may matter to the target. Only pushes to other branches and other pull requests do not:
// what follows a tag, or a ref of another kind, is for the target to find out.
func (t Target) follows(refs []string) bool {
	return len(refs) == 0 || slices.ContainsFunc(refs, func(ref string) bool {
		if strings.HasSuffix(ref, "/") {
			return strings.HasPrefix(t.Ref, ref)
		}
		branch, is := strings.CutPrefix(ref, branches)
		return t.Branch == "" || !is || branch == t.Branch
	})
}
