package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/transport"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/cmd/lockstep/lease"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// clusterFlags say which cluster is meant.
type clusterFlags struct {
	kubeconfig, context, stateNamespace string

	wrap  transport.WrapperFunc // sees the requests to the cluster; nil for nobody
	guard *lease.Guard          // of all writes to the cluster; nil for none
}

func (f *clusterFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file (default: $KUBECONFIG, then ~/.kube/config)")
	flags.StringVar(&f.context, "context", "", "kubeconfig context; needed unless the current one is a local cluster")
	flags.StringVar(&f.stateNamespace, "state-namespace", defaultStateNamespace(), "namespace of the app's inventory and history")
}

func (f *clusterFlags) checkCluster() error {
	if reasons := validation.IsDNS1123Label(f.stateNamespace); len(reasons) > 0 {
		return fmt.Errorf("--state-namespace %q is no namespace's name", f.stateNamespace)
	}
	return nil
}

// sourceFlags say which app is meant and which cluster: those that run and plan share.
type sourceFlags struct {
	clusterFlags
	refFlags
	repo, path, namespace, name string
	credentials                 string
	stateDir                    string
	stateLimit                  resource.QuantityValue
	prune, adopt                bool
	worktree                    bool // of run alone
}

func (f *sourceFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.repo, "repo", "", "repository: an https or ssh URL, or a folder (this or --config)")
	flags.StringVar(&f.credentials, "credentials", "", "folder with the files that open the repository, as token, or identity and known_hosts")
	f.refFlags.register(cmd)
	flags.StringVar(&f.path, "path", ".", "folder of the manifests, below the repository's root")
	flags.StringVarP(&f.namespace, "namespace", "n", "default", "namespace of objects whose manifest names none")
	flags.StringVar(&f.name, "name", "", "name of the app (default: the repository's)")
	f.clusterFlags.register(cmd)
	flags.StringVar(&f.stateDir, "state-dir", "", "folder for copies of remote repositories (default: in the user's cache)")
	flags.Var(&f.stateLimit, "state-limit", "most that these copies may take together, as 2Gi; 0 for no bound")
	flags.BoolVar(&f.prune, "prune", true, "delete objects that leave the repository")
	flags.BoolVar(&f.adopt, "adopt", false, "go on with an app of this name that was kept from another repository or path")
}

// app checks the flags and returns the app that they describe.
func (f *sourceFlags) app() (sync.App, error) {
	name := f.name
	if name == "" {
		name = nameOf(f.repo)
	}
	if reasons := validation.IsDNS1123Label(name); len(reasons) > 0 || len(name) > config.LongestName {
		return sync.App{}, fmt.Errorf("--name %q: want lower case letters, digits and dashes, at most %d", name, config.LongestName)
	}
	if reasons := validation.IsDNS1123Label(f.namespace); len(reasons) > 0 {
		return sync.App{}, fmt.Errorf("--namespace %q is no namespace's name", f.namespace)
	}
	if err := f.checkCluster(); err != nil {
		return sync.App{}, err
	}
	folder := path.Clean(filepath.ToSlash(f.path))
	if path.IsAbs(folder) || folder == ".." || strings.HasPrefix(folder, "../") {
		return sync.App{}, fmt.Errorf("--path %q leaves the repository", f.path)
	}
	return sync.App{Name: name, Path: folder, Namespace: f.namespace, Prune: f.prune, Adopt: f.adopt}, nil
}

// options say what of the repository is read, and with which credentials.
func (f *sourceFlags) options(cache copies) git.Options {
	return git.Options{
		URL: f.repo, Branch: f.branch, Ref: f.ref, Keys: f.keys, Credentials: f.credentials, Dir: cache.dir, Space: cache.space,
		Folders: []string{filepath.ToSlash(f.path)},
	}
}

// nameOf makes an app's name of a repository's: the last part of its path.
func nameOf(repo string) string {
	if git.IsRemote(repo) {
		repo = repo[strings.LastIndexByte(repo, ':')+1:] // of user@host:path
	} else if absolute, err := filepath.Abs(repo); err == nil {
		repo = absolute
	}
	name := path.Base(strings.TrimSuffix(filepath.ToSlash(repo), "/"))
	name = strings.ToLower(strings.TrimSuffix(name, ".git"))
	return strings.Trim(strings.NewReplacer("_", "-", ".", "-", " ", "-").Replace(name), "-")
}

// copies is where copies of remote repositories are kept, and what they may take together.
type copies struct {
	dir   string
	space *git.Space
}

func (f *sourceFlags) copies() (copies, error) {
	if f.stateLimit.Sign() < 0 {
		return copies{}, fmt.Errorf("--state-limit %s: want a size such as 2Gi, or 0 for no bound", &f.stateLimit)
	}
	dir, err := f.cacheDir()
	return copies{dir, git.NewSpace(dir, f.stateLimit.Value())}, err
}

// cacheDir is where copies of remote repositories are kept. A single one that is a folder needs none, nor a home.
func (f *sourceFlags) cacheDir() (string, error) {
	if f.stateDir != "" || f.repo != "" && !git.IsRemote(f.repo) {
		return f.stateDir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for copies of repositories, name one with --state-dir: %w", err)
	}
	return filepath.Join(cache, "lockstep", "repositories"), nil
}

// defaultStateNamespace is the namespace of the daemon's own pod, or lockstep-system outside a cluster.
func defaultStateNamespace() string {
	own, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
	if err != nil || len(own) == 0 {
		return inventory.DefaultNamespace
	}
	return strings.TrimSpace(string(own))
}

func checkInterval(interval time.Duration) error {
	if interval < config.ShortestInterval || interval > config.LongestInterval {
		return fmt.Errorf("--interval %s: want between %s and %s", interval, config.ShortestInterval, config.LongestInterval)
	}
	return nil
}

var errTimeout = errors.New("--timeout: want more than 0s")
