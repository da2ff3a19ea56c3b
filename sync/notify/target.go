package notify

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/lockstep-dev/lockstep/sync"
)

// Type is what a [Target] is.
type Type string

// The types of targets.
const (
	Slack           Type = "slack"            // Slack, and what takes its format: Mattermost, Discord (/slack)
	Teams           Type = "teams"            // a workflow of Microsoft Teams, as an Adaptive Card
	Webhook         Type = "webhook"          // CloudEvents as JSON, signed
	GitHub          Type = "github"           // a status on the commit, as with all of the following
	GitLab          Type = "gitlab"           //
	Gitea           Type = "gitea"            // Forgejo, too
	Bitbucket       Type = "bitbucket"        // the cloud
	BitbucketServer Type = "bitbucket-server" // the data center
	Azure           Type = "azure"            // Azure DevOps
)

// Types are all types, in the order of the README.
var Types = []Type{Slack, Teams, Webhook, GitHub, GitLab, Gitea, Bitbucket, BitbucketServer, Azure}

// Target is who is told, and of what.
type Target struct {
	Name       string
	Type       Type
	URL        string   // of a webhook, or of a provider's API where it is not the usual one
	URLFile    string   // a file with the URL, for those whose URL is a secret
	TokenFile  string   // a file with the token for a provider's API
	SecretFile string   // a file with the key that a webhook's messages are signed with
	CAFile     string   // a file with the certificates of the authorities that are trusted; the system's if empty
	Cluster    string   // what this cluster is called, for who is told by several; a DNS label, or empty
	Link       string   // what a commit status leads to; the commit's repository if empty
	Apps       []string // patterns of names, as of [path.Match]; all apps if empty
	On         []string // states and reasons; those of the type if empty
	Template   string   // of the text; that of this package if empty
}

// FieldError says what is wrong with a field of a target, by its name in the config file.
type FieldError struct{ Field, Message string }

// Error is the field and what is wrong with it. It quotes neither URLs nor templates.
func (e *FieldError) Error() string { return e.Field + ": " + e.Message }

func wrong(field, format string, args ...any) error {
	return &FieldError{field, fmt.Sprintf(format, args...)}
}

// usual are the APIs of the providers that are one for all.
var usual = map[Type]string{
	GitHub: "https://api.github.com", GitLab: "https://gitlab.com", Bitbucket: "https://api.bitbucket.org", Azure: "https://dev.azure.com",
}

// onCommit reports whether the target is a status on the commit.
func (t Target) onCommit() bool { return t.Type != Slack && t.Type != Teams && t.Type != Webhook }

// Check returns a [FieldError], or nil.
func (t Target) Check() error {
	if !slices.Contains(Types, t.Type) {
		return wrong("type", "not known")
	}
	for _, check := range []func() error{t.checkAddress, t.checkSecrets, t.checkFilters, t.checkText} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (t Target) checkAddress() error {
	switch {
	case t.URL != "" && t.URLFile != "":
		return wrong("urlFile", "url and urlFile are both there; want one of them")
	case (t.Type == Slack || t.Type == Teams) && t.URL != "":
		return wrong("url", "is a secret of a %s target; write it into a file, and want urlFile", t.Type)
	case t.onCommit() && t.URLFile != "":
		return wrong("urlFile", "a %s target wants url, or nothing", t.Type)
	case t.URL == "" && t.URLFile == "" && usual[t.Type] == "":
		return wrong("url", "missing")
	case t.URL != "":
		u, err := t.parse(t.URL)
		if err == nil && t.CAFile != "" && u.Scheme != "https" {
			return wrong("caFile", "goes with https")
		}
		return err
	}
	return nil
}

// parse returns a URL that may be asked: over TLS, but for a webhook, and for this machine itself.
func (t Target) parse(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Fragment != "" || u.Opaque != "":
		return nil, wrong("url", "not a URL")
	case u.User != nil:
		return nil, wrong("url", "has user info in it")
	case u.Scheme == "https", u.Scheme == "http" && (t.Type == Webhook || isLoopback(u.Hostname())):
		return u, nil
	}
	return nil, wrong("url", "want https")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (t Target) checkSecrets() error {
	switch {
	case t.onCommit() && t.TokenFile == "":
		return wrong("tokenFile", "missing")
	case !t.onCommit() && t.TokenFile != "":
		return wrong("tokenFile", "goes with commit statuses, not with %s", t.Type)
	case t.Type != Webhook && t.SecretFile != "":
		return wrong("secretFile", "goes with webhook, not with %s", t.Type)
	case !t.onCommit() && t.Link != "":
		return wrong("link", "goes with commit statuses, not with %s", t.Type)
	}
	if t.Link != "" {
		if u, err := url.Parse(t.Link); err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
			return wrong("link", "not an http(s) URL")
		}
	}
	return nil
}

func (t Target) checkFilters() error {
	for _, pattern := range t.Apps {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			return wrong("apps", "not a pattern of names")
		}
	}
	if t.Cluster != "" && len(validation.IsDNS1123Label(t.Cluster)) > 0 {
		return wrong("cluster", "want lower case letters, digits and -, 63 at most")
	}
	for _, word := range t.On {
		if !isWord(word) {
			return wrong("on", "%.40q is no state and no reason; want those of the README, as Failed or ImagePull", word)
		}
	}
	return nil
}

// isWord reports whether a state or a reason is called so.
func isWord(word string) bool {
	return slices.Contains(states, sync.State(word)) || word == "DependencyNotReady" || slices.Contains(sync.Reasons(), word)
}

// states are all that there are.
var states = []sync.State{
	sync.Pending, sync.Syncing, sync.Progressing, sync.Healthy, sync.RolledBack, sync.Failed, sync.Blocked, sync.Suspended,
}

// verdicts are the states that one is told of who does not say otherwise.
var verdicts = []sync.State{sync.Healthy, sync.RolledBack, sync.Failed, sync.Blocked}

// wants reports whether the target is to be told of n.
func (t Target) wants(n Notice) bool {
	switch {
	case t.onCommit() && (n.Revision.IsZero() || !t.hosts(n.Repository)), !t.names(n.App):
		return false
	case len(t.On) > 0:
		return slices.Contains(t.On, string(n.State)) || n.Reason != "" && slices.Contains(t.On, n.Reason)
	}
	return slices.Contains(verdicts, n.State) || t.onCommit() && (n.State == sync.Syncing || n.State == sync.Progressing)
}

// names reports whether the target is told of an app.
func (t Target) names(app string) bool {
	return len(t.Apps) == 0 || slices.ContainsFunc(t.Apps, func(pattern string) bool {
		matched, err := path.Match(pattern, app)
		return matched && err == nil
	})
}
