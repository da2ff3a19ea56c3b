package inventory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// pageSize is how many Secrets one call lists.
	pageSize = 500

	// listTries is how often a list is begun. The API server lets go of a list that takes longer than some minutes.
	listTries = 3
)

// All returns every inventory of the namespace, sorted by app, and beside them what is wrong with each that cannot be used:
// [ErrNewer] or [ErrBroken], by app. The error says that the namespace could not be listed. A thousand small apps cost two
// calls or three.
//
// An app that All has seen is primed: its first Load is answered from what All read, at no call. Whoever wrote in between is
// noticed by the Save after that, which is [ErrConflict], as a Save is that follows any other Load too late; the next Load
// asks the cluster. Apps that were loaded or saved before, and so may be at work, are returned and not primed again, so that
// All may be called at any time. What it returns is to be read only: a Load hands out a copy.
//
// An inventory that somebody took the labels from is not among them; Load finds it.
func (s *Store) All(ctx context.Context) (all []*Inventory, unusable map[string]error, err error) {
	found, err := s.list(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("list inventories: %w", err)
	}
	seen := make(map[string]*known, len(found))
	unusable = map[string]error{}
	for app, its := range found {
		k := &known{listed: true, unsure: slices.Collect(maps.Keys(its.parts))}
		seen[app] = k
		if its.head == nil {
			continue // left by a first save that did not come to its head, or somebody took that one's labels away
		}
		inventory, err := k.read(app, its.head, its.parts)
		k.primed = &primed{inventory, err}
		if err != nil {
			unusable[app] = err
		} else {
			all = append(all, inventory)
		}
		delete(found, app) // the payload takes no memory from here on
	}
	s.prime(seen)
	slices.SortFunc(all, func(a, b *Inventory) int { return cmp.Compare(a.App, b.App) })
	return all, unusable, nil
}

// Forget drops what All has seen of apps that nobody has used since: the next load of each asks the cluster.
func (s *Store) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = false
	maps.DeleteFunc(s.apps, func(_ string, k *known) bool { return !k.used })
}

// prime takes over what was seen of apps that nobody has used yet.
func (s *Store) prime(seen map[string]*known) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = true
	maps.DeleteFunc(s.apps, func(_ string, k *known) bool { return !k.used }) // of an All before this one
	for app, k := range seen {
		if s.apps[app] == nil {
			s.apps[app] = k
		}
	}
}

// secrets are those of one app.
type secrets struct {
	head  *corev1.Secret            // nil when there is none
	parts map[string]*corev1.Secret // of the head, and leftovers
}

// list returns the Secrets of all apps. All pages are of one moment, so that a writer in between cannot mix two inventories:
// a list that the API server no longer goes on with is begun anew.
func (s *Store) list(ctx context.Context) (map[string]*secrets, error) {
	for try := 1; ; try++ {
		found, err := s.pages(ctx)
		expired := apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
		if !expired || try == listTries {
			return found, err
		}
	}
}

func (s *Store) pages(ctx context.Context) (map[string]*secrets, error) {
	found := map[string]*secrets{}
	for token := ""; ; {
		var page corev1.SecretList
		err := s.client.List(ctx, &page, client.InNamespace(s.namespace), client.MatchingLabels{managerLabel: manager},
			client.MatchingFields{"type": string(SecretType)}, client.Limit(pageSize), client.Continue(token))
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			sortIn(found, &page.Items[i])
		}
		if token = page.Continue; token == "" {
			return found, nil
		}
	}
}

// sortIn goes by the names of Secrets, which nobody can change, not by their labels.
func sortIn(found map[string]*secrets, secret *corev1.Secret) {
	app := appOf(secret.Name)
	if app == "" {
		return
	}
	of := found[app]
	if of == nil {
		of = &secrets{parts: map[string]*corev1.Secret{}}
		found[app] = of
	}
	if secret.Name == headName(app) {
		of.head = secret
	} else {
		of.parts[secret.Name] = secret
	}
}
