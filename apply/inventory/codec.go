package inventory

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// version is that of the format. It is raised by whatever change an older Lockstep must not overlook, as it would lose it
// with its next save. Set, Account, Prune and Leaving came without: they are lost together, and without them an app that has
// left is one whose objects stay. Version 2 came with what holds a commit back: without it the next pass would apply it again,
// or go on with an app that somebody has suspended. Version 3 is that of an inventory with a state to go back to that was not
// healthy before: without it the next pass would not find the state, and go forward. Version 4 is that of one with an object
// that has ended: without it the next pass would run it again. Others are written as version 2.
const (
	version      = 4
	versionState = 3
	versionPlain = 2
)

// versionOf is the lowest that the inventory can be written as.
func versionOf(inventory *Inventory) int {
	for _, entry := range inventory.Entries {
		if entry.Ended != (object.End{}) {
			return version
		}
	}
	if inventory.Return != nil && inventory.Return.State != nil {
		return versionState
	}
	return versionPlain
}

// maxSize bounds what is unpacked: more than the largest app and 20,000 entries come to.
const maxSize = 32 << 20

var (
	// ErrNewer says that a newer Lockstep wrote the inventory; this one neither reads nor overwrites it.
	ErrNewer = errors.New("written by a newer lockstep")

	// ErrBroken says that there is an inventory that cannot be read. What it held is lost; a save replaces it.
	ErrBroken = errors.New("cannot be read")

	// ErrConflict says that someone else wrote the inventory since it was loaded; nothing was saved. Load it again.
	ErrConflict = errors.New("changed by someone else since it was loaded")
)

// encode returns the inventory compressed. Equal inventories give equal bytes.
func encode(inventory *Inventory) ([]byte, error) {
	kept := *inventory
	kept.Source = withoutUser(kept.Source)
	kept.History = trimmed(kept.History)
	text, err := stdjson.Marshal(&kept)
	if err != nil {
		return nil, err
	}
	return compressed(func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// decode reads what encode returned. Its errors quote nothing but names of objects.
func decode(app string, packed []byte) (*Inventory, error) {
	var text []byte
	err := expanded(packed, maxSize+1, func(r io.Reader) (err error) {
		text, err = io.ReadAll(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(text) > maxSize {
		return nil, fmt.Errorf("larger than %d bytes", maxSize)
	}
	inventory := &Inventory{}
	if err := stdjson.Unmarshal(text, inventory); err != nil {
		return nil, err
	}
	if inventory.App != app {
		return nil, fmt.Errorf("it is that of app %q", inventory.App)
	}
	if inventory.Entries == nil {
		inventory.Entries = map[object.ID]Entry{}
	}
	inventory.stored = true
	return inventory, nil
}

// withoutUser drops user and password from a URL. Callers do so as well; here it cannot be forgotten.
func withoutUser(source string) string {
	u, err := url.Parse(source)
	if err != nil || u.User == nil {
		return source
	}
	u.User = nil
	return u.String()
}
