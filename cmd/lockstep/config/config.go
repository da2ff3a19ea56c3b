package config

import (
	"reflect"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/health/probe"
)

// Config is what a file says, without the entries that are wrong.
type Config struct {
	Repositories []Repository // in the order of the file; no two have one name
	Apps         []App        // likewise; each names one of Repositories
	// Notifications say who is told what apps come to; nil for nobody.
	Notifications []Notification
	Problems      []Problem // what is wrong with the entries that are left out, by line
	// Refused are the names of the apps that are left out, sorted. "" is among them when an entry is left out that does
	// not tell which apps it is about, because it has no name that can be read, or a pattern.
	Refused []string
}

// Repository is one branch, or another ref, of one repository that is followed.
type Repository struct {
	Name     string        // a DNS label of at most LongestName characters; apps name it
	URL      string        // the address of a remote, without a password, or an absolute folder
	Branch   string        // without refs/heads/; git.DefaultBranch when the file has none, "" where Ref is set
	Ref      git.Ref       // what is live in place of a branch's head; zero for none
	Interval time.Duration // how often it is asked, from ShortestInterval to LongestInterval; sync.DefaultInterval when the file has none
	Timeout  time.Duration // how long one fetch of a remote may take, up to LongestFetch; git.DefaultTimeout when the file has none
	// Signatures says that a key of the absolute folder Keys must have signed what is live. Neither is there without the other.
	Signatures bool
	Keys       string
	// Credentials is the absolute folder of the files with which a remote is asked, and Proxy the URL of the proxy by which;
	// "" for none. They go with the URL as git.Options.CheckAccess says.
	Credentials, Proxy string
	// WebhookProvider is who may say that it has moved, one of webhook.Providers, signed with one of the secrets in the file
	// or folder WebhookSecrets, an absolute path. Both are "" when the file has none.
	WebhookProvider, WebhookSecrets string
	Line                            int // of the entry, 1-based; for messages only
}

// App is one path of a repository, applied and gated as a unit; or, where Paths is set, a pattern for many of them, of
// which [App.In] makes each.
type App struct {
	Name       string // a DNS label of at most LongestName characters, no other's; "" where Paths is set
	Repository string // the name of one of Config.Repositories
	Path       string // slash-separated, clean, below the repository's root, "." for all of it; "" where Paths is set
	// Paths matches, as path.Match does, folders below the repository's root, each of which is an app; "" where Path is set.
	Paths      string
	NamePrefix string // goes before the last element of a folder that Paths matches, to name its app; "" where Path is set
	// Namespace is of objects whose manifest names none: a DNS label, DefaultNamespace when the file has none. Where Paths
	// is set it may hold FolderPlaceholder.
	Namespace string
	// ServiceAccount is impersonated for all that the app does to the cluster: the name of one in Namespace, or
	// "namespace/name"; "" for nobody.
	ServiceAccount string
	Prune          bool              // delete what leaves the repository; true when the file does not say
	AllowPrune     int               // how many deletions pass the guards of prune, 0 or more; 0 when the file does not say
	Force          bool              // take fields that other managers own, instead of reporting the conflict
	DetectOnly     bool              // report drift instead of correcting it
	Rollback       bool              // go back to the last healthy state when a commit does not serve, instead of holding it
	DependsOn      []string          // apps that must be Healthy first, each once, none by a way back to this one; nil for none
	Timeout        time.Duration     // how long a commit may take until it serves, in the bounds of an interval; sync.DefaultTimeout when the file has none
	Probes         []probe.URL       // what has to answer as well before a commit is healthy; nil for nothing
	Rules          []health.Rule     // when objects are healthy whose kinds have a way of their own to tell; nil for none
	Suspend        bool              // leave the app as it is, until this is taken out
	Vars           map[string]string // what ${NAME} in the manifests stands for; nil for none
	Line           int               // of the entry, 1-based; for messages only
}

// Equal reports whether r and other say the same, wherever in the file.
func (r Repository) Equal(other Repository) bool {
	r.Line, other.Line = 0, 0
	return r == other
}

// Equal reports whether a and other say the same, wherever in the file.
func (a App) Equal(other App) bool {
	a.Line, other.Line = 0, 0
	return reflect.DeepEqual(a, other)
}

// Refuses reports whether an entry that was left out may be about the app of that name. Such an app, if it ran before, has
// not left the config: it stays as it is until its entry can be read.
func (c *Config) Refuses(name string) bool {
	return slices.Contains(c.Refused, name) || slices.Contains(c.Refused, "")
}
