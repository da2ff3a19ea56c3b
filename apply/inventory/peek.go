package inventory

import (
	"context"
	"fmt"
)

// Peek returns the app's inventory as [Store.Load] does, of an app that somebody else keeps: it takes nothing over, and may
// be called from several goroutines.
func (s *Store) Peek(ctx context.Context, app string) (*Inventory, error) {
	if err := checkApp(app); err != nil {
		return nil, err
	}
	k := &known{listed: true}
	head, parts, err := s.fetch(ctx, app, k)
	if err != nil {
		return nil, fmt.Errorf("read inventory of %s: %w", app, err)
	}
	inventory, err := k.read(app, head, parts)
	if err != nil {
		return nil, fmt.Errorf("read inventory of %s: %w", app, err)
	}
	return inventory, nil
}
