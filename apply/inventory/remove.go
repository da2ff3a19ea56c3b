package inventory

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// errNotLoaded says that nobody has looked at what is to be removed.
var errNotLoaded = errors.New("it was neither loaded nor saved")

// Remove deletes the inventory of an app that is gone, as this Store last loaded or saved it. It is [ErrConflict] when the
// one in the cluster is another, and [ErrNewer] when that could not be read for that reason; a broken one is deleted. That
// there is none is no error. After an error the next Remove goes on.
//
// A daemon that is killed on the way leaves the old inventory, one of the app that is Leaving and owns nothing, or none. The
// second one is why: to delete the head before its parts would leave parts that nobody comes back for, and to delete them
// before it an inventory that cannot be read. So an inventory of several Secrets is first replaced by one that has no parts,
// which removes them as with every save.
func (s *Store) Remove(ctx context.Context, app string) error {
	if err := s.remove(ctx, app); err != nil {
		return fmt.Errorf("remove inventory of %s: %w", app, err)
	}
	return nil
}

func (s *Store) remove(ctx context.Context, app string) error {
	if err := checkApp(app); err != nil {
		return err
	}
	k := s.known(app)
	k.primed = nil
	switch {
	case k.newer:
		return ErrNewer
	case !k.seen:
		return errNotLoaded
	}
	if len(k.parts)+len(k.unsure) > 0 {
		if err := s.empty(ctx, app, k); err != nil {
			return err
		}
	}
	if err := s.clean(ctx, k); err != nil {
		return err
	}
	return s.deleteHead(ctx, app, k)
}

// empty replaces the inventory by one that needs no parts.
func (s *Store) empty(ctx context.Context, app string, k *known) error {
	payload, err := encode(&Inventory{App: app, Leaving: true, Entries: map[object.ID]Entry{}})
	if err != nil {
		return err
	}
	return s.write(ctx, k, s.divide(app, versionPlain, payload))
}

func (s *Store) deleteHead(ctx context.Context, app string, k *known) error {
	if k.version == "" {
		return nil
	}
	head := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: headName(app)}}
	err := s.client.Delete(ctx, head, client.Preconditions{ResourceVersion: &k.version})
	if apierrors.IsConflict(err) {
		return ErrConflict
	}
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete secret %s: %w", head.Name, err)
	}
	k.version, k.sum = "", ""
	return nil
}
