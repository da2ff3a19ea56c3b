package inventory

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Save writes the inventory, at no call when that is what this Store last loaded or saved. It is [ErrConflict] when the one
// in the cluster is not the one that was loaded, and [ErrNewer] when that could not be read for that reason. After any other
// error the cluster has the old inventory or the new one; the next Save or Load finds out.
func (s *Store) Save(ctx context.Context, inventory *Inventory) error {
	if err := s.save(ctx, inventory); err != nil {
		return fmt.Errorf("save inventory of %s: %w", inventory.App, err)
	}
	inventory.stored = true
	return nil
}

func (s *Store) save(ctx context.Context, inventory *Inventory) error {
	if err := checkApp(inventory.App); err != nil {
		return err
	}
	k := s.known(inventory.App)
	k.primed = nil
	if k.newer {
		return ErrNewer
	}
	payload, err := encode(inventory)
	if err != nil {
		return err
	}
	// Parts that a writer under way may be about to name can be removed only after a write of the head, which that writer's
	// own then conflicts with.
	if checksum(payload) != k.sum || len(k.unsure) > 0 {
		if err := s.write(ctx, k, s.divide(inventory.App, versionOf(inventory), payload)); err != nil {
			s.doubt(err)
			return err
		}
	}
	return s.clean(ctx, k)
}

// write puts the parts there and then the head. Once the head is written, no other part can come to be named.
func (s *Store) write(ctx context.Context, k *known, w written) error {
	for _, part := range w.parts {
		k.unsure = append(k.unsure, part.Name)
		if err := s.client.Create(ctx, part); err != nil {
			return fmt.Errorf("create secret %s: %w", part.Name, err)
		}
	}
	if err := s.writeHead(ctx, k, w.head); err != nil {
		return err
	}
	others := k.unsure[:len(k.unsure)-len(w.parts)]
	k.garbage = append(append(k.garbage, k.parts...), others...)
	k.unsure, k.parts, k.sum, k.version, k.seen = nil, names(w.parts), w.sum, w.head.ResourceVersion, true
	return nil
}

func (s *Store) writeHead(ctx context.Context, k *known, head *corev1.Secret) error {
	var err error
	if k.version == "" {
		err = s.client.Create(ctx, head)
	} else {
		head.ResourceVersion = k.version
		err = s.client.Update(ctx, head)
	}
	switch {
	case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err):
		return ErrConflict
	case apierrors.IsNotFound(err) && k.version != "":
		return ErrConflict // it was deleted
	case err != nil:
		return fmt.Errorf("write secret %s: %w", head.Name, err)
	}
	return nil
}

// clean removes parts that are of no use any more. What it cannot remove it tries again with the next save.
func (s *Store) clean(ctx context.Context, k *known) error {
	var errs []error
	var left []string
	for _, name := range k.garbage {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
		if err := s.client.Delete(ctx, secret); client.IgnoreNotFound(err) != nil {
			errs = append(errs, fmt.Errorf("delete secret %s: %w", name, err))
			left = append(left, name)
		}
	}
	k.garbage = left
	return errors.Join(errs...)
}
