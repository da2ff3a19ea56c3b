package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	stdsync "sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/pager"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// findingAtOnce is how many kinds a Finder lists at once: it looks at the whole cluster, and is in no hurry.
const findingAtOnce = 4

// Finder finds what an app owns when its inventory is lost.
type Finder struct {
	discovery discovery.DiscoveryInterfaceWithContext
	metadata  metadata.Interface
}

// NewFinder returns a Finder for the cluster of config. It makes no call.
func NewFinder(config *rest.Config) (*Finder, error) {
	kinds, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make discovery client: %w", err)
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make metadata client: %w", err)
	}
	return &Finder{discovery: kinds, metadata: objects}, nil
}

// Owned is what a Finder found.
type Owned struct {
	// Entries have a version and nothing else, as those of objects whose apply was only intended: each is compared and
	// rehearsed again.
	Entries map[object.ID]inventory.Entry
	// Skipped are the kinds that may not be listed, in kubectl's words and sorted. There may be more of the app's
	// objects among them.
	Skipped []string
}

// Owned returns the live objects that the app owns: those that carry its [OwnerLabel] and on which Lockstep itself has put
// it, as the field's manager tells. The label alone does not say so: it goes from a template to the pods and claims made of
// it, from a Service to its Endpoints, and along with a copy that somebody makes of an object. Objects of a controller are
// left out even so.
//
// Every kind of the cluster is listed, in pages and by its metadata alone. Any error but that a kind may not be listed
// ends it: half an answer is none.
func (f *Finder) Owned(ctx context.Context, app string) (*Owned, error) {
	owned, err := f.find(ctx, app)
	if err != nil {
		return nil, fmt.Errorf("find objects of %s: %w", app, err)
	}
	return owned, nil
}

func (f *Finder) find(ctx context.Context, app string) (*Owned, error) {
	kinds, err := f.kinds(ctx)
	if err != nil {
		return nil, err
	}
	owned := &Owned{Entries: map[object.ID]inventory.Entry{}}
	var mu stdsync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(findingAtOnce)
	for _, l := range kinds {
		group.Go(func() error {
			found, err := f.list(ctx, l, app)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case apierrors.IsForbidden(err), apierrors.IsMethodNotSupported(err):
				owned.Skipped = append(owned.Skipped, l.resource.GroupResource().String())
			case err != nil:
				return fmt.Errorf("list %s: %w", l.resource.GroupResource(), err)
			}
			for _, id := range found {
				owned.Entries[id] = inventory.Entry{Version: l.resource.Version}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.Sort(owned.Skipped)
	return owned, nil
}

// listable is a kind that the cluster can list.
type listable struct {
	resource schema.GroupVersionResource
	kind     string // Deployment
}

// mirrors are those whose objects the cluster derives from others, labels included, and that may be many.
var mirrors = map[schema.GroupResource]bool{
	{Resource: "events"}:                                    true,
	{Group: "events.k8s.io", Resource: "events"}:            true,
	{Resource: "endpoints"}:                                 true,
	{Resource: "componentstatuses"}:                         true,
	{Group: "discovery.k8s.io", Resource: "endpointslices"}: true,
	{Group: "metrics.k8s.io", Resource: "pods"}:             true,
	{Group: "metrics.k8s.io", Resource: "nodes"}:            true,
}

// kinds returns the cluster's, each in the version that it prefers.
func (f *Finder) kinds(ctx context.Context) ([]listable, error) {
	lists, err := f.discovery.ServerPreferredResourcesWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("discover kinds: %w", err)
	}
	var all []listable
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, fmt.Errorf("discover kinds: %w", err)
		}
		for _, r := range list.APIResources {
			l := listable{resource: version.WithResource(r.Name), kind: r.Kind}
			if slices.Contains(r.Verbs, "list") && !mirrors[l.resource.GroupResource()] {
				all = append(all, l)
			}
		}
	}
	return all, nil
}

// list returns the app's objects of one kind. A kind that went since it was discovered has none.
func (f *Finder) list(ctx context.Context, l listable, app string) ([]object.ID, error) {
	options := metav1.ListOptions{LabelSelector: labels.Set{OwnerLabel: app}.String()}
	if l.resource.GroupResource() == (schema.GroupResource{Resource: "secrets"}) {
		options.FieldSelector = "type!=" + string(inventory.SecretType) // they carry the label, too
	}
	page := func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return f.metadata.Resource(l.resource).List(ctx, options)
	}
	all, _, err := pager.New(page).List(ctx, options)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []object.ID
	err = meta.EachListItem(all, func(item runtime.Object) error {
		live, err := meta.Accessor(item)
		if err == nil && ownedBy(live, l.resource.Group, app) {
			found = append(found, object.ID{
				Group: l.resource.Group, Kind: l.kind, Namespace: live.GetNamespace(), Name: live.GetName(),
			})
		}
		return err
	})
	return found, err
}

// ownedBy reports whether Lockstep has applied the owner label to live as an object of this group: some clusters serve one
// object in two.
func ownedBy(live metav1.Object, group, app string) bool {
	if live.GetLabels()[OwnerLabel] != app || metav1.GetControllerOfNoCopy(live) != nil {
		return false
	}
	return slices.ContainsFunc(live.GetManagedFields(), func(fields metav1.ManagedFieldsEntry) bool {
		applied, err := schema.ParseGroupVersion(fields.APIVersion)
		return err == nil && applied.Group == group && fields.Manager == FieldManager &&
			fields.Operation == metav1.ManagedFieldsOperationApply && fields.Subresource == "" &&
			fields.FieldsV1 != nil && strings.Contains(fields.FieldsV1.GetRawString(), `"f:`+OwnerLabel+`"`)
	})
}
