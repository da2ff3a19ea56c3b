package sync

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/lockstep-dev/lockstep/git"
)

// Roster is what a [Fleet] is to keep in step.
type Roster struct {
	Feeds map[string]*Feed // by the name that apps call them by
	Apps  []App
	Sets  []Set
	// Refuses reports whether the config has an entry that cannot be used and may be about the app of that name: if it ran
	// before it stays as it is. Nil where there is no such entry.
	Refuses func(name string) bool
}

func (r Roster) refuses(name string) bool { return r.Refuses != nil && r.Refuses(name) }

// has reports whether the roster has the set of that name.
func (r Roster) has(set string) bool {
	return slices.ContainsFunc(r.Sets, func(s Set) bool { return s.App.Set == set })
}

// feedOf returns the name of a feed of the repository that apps call so; empty if there is none.
func (r Roster) feedOf(repository string) string {
	for name, feed := range r.Feeds {
		if repository != "" && feed.repository() == repository {
			return name
		}
	}
	return ""
}

// Set is an app for each folder that a pattern finds in a repository.
type Set struct {
	App     App    // what all of them have in common; its Set names the set, its Feed the repository
	Pattern string // "apps/*", as of [git.Snapshot.Folders]
	Prefix  string // of the apps' names; the rest is the folder's
}

// AppPlaceholder in the namespace and the ServiceAccount of a set's apps stands for the name of the folder.
const AppPlaceholder = "${APP}"

// LongestName is the longest name of an app: with "lockstep." before it and a suffix behind, it names Secrets.
const LongestName = 53

// in returns the apps that the set has in a commit, by name, and what is wrong with the other folders.
func (s Set) in(snapshot git.Snapshot) (map[string]App, []error, error) {
	folders, err := snapshot.Folders(s.Pattern)
	if err != nil {
		return nil, nil, err
	}
	found, wrong := map[string]App{}, []error(nil)
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		app := s.App
		app.Path, app.Name = folder, s.Prefix+path.Base(folder)
		app.Namespace = strings.ReplaceAll(app.Namespace, AppPlaceholder, path.Base(folder))
		app.ServiceAccount = strings.ReplaceAll(app.ServiceAccount, AppPlaceholder, path.Base(folder))
		other, twice := found[app.Name]
		switch {
		case len(validation.IsDNS1123Label(app.Name)) > 0 || len(app.Name) > LongestName:
			wrong = append(wrong, fmt.Errorf("folder %q is no app: %q is no name for one (lower case letters, digits and dashes, at most %d)",
				folder, app.Name, LongestName))
		case twice:
			wrong = append(wrong, fmt.Errorf("folder %q is no app: %q has the same name", folder, other.Path))
		default:
			found[app.Name] = app
		}
	}
	return found, wrong, nil
}

// tooFew reports whether so many of a set's apps are missing that this looks like an accident: all of them, or more than
// half of at least five. Each of them then says for itself that its path is gone, and deletes nothing.
func tooFew(before, missing int) bool {
	return missing > 0 && missing == before || before >= 5 && 2*missing > before
}

// sameApp reports whether two apps ask for the same.
func sameApp(a, b App) bool { return reflect.DeepEqual(a, b) }
