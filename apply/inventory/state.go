package inventory

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

const (
	// MaxStates is how many healthy states an inventory keeps. The newest is kept whatever its size.
	MaxStates = 3

	// maxOlder is how many bytes the states before the newest may take together, packed: they are for going back by hand, and
	// every save writes them.
	maxOlder = 256 << 10
)

// State is what was in the cluster when the app was healthy, as it was rendered then. Its objects stay packed: a daemon
// holds those of all its apps.
type State struct {
	Revision string
	At       time.Time
	Content  string // tells the manifests of one commit from those of another
	Objects  int
	Packed   []byte // see [Pack]
}

// Item is one object of a [State]: its manifest with the namespace and the labels that it is applied with, and where git
// had it.
type Item struct {
	File   string
	Line   int
	Object *unstructured.Unstructured
}

// itemJSON is how an Item is written: the object as it is, without the detours of unstructured's own codec.
type itemJSON struct {
	File   string             `json:"file,omitempty"`
	Line   int                `json:"line,omitempty"`
	Object stdjson.RawMessage `json:"object"`
}

// Pack returns the items compressed. Equal items give equal bytes.
func Pack(items []Item) ([]byte, error) {
	return compressed(func(w io.Writer) error {
		encoder := stdjson.NewEncoder(w)
		for _, item := range items {
			raw, err := stdjson.Marshal(item.Object.Object)
			if err == nil {
				err = encoder.Encode(itemJSON{File: item.File, Line: item.Line, Object: raw})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Items unpacks the state's objects. It is [ErrBroken] where they are not what was packed: a state that is short of some
// would have the others deleted.
func (s State) Items() ([]Item, error) {
	items, err := Unpack(s.Packed)
	if err == nil && len(items) != s.Objects {
		err = fmt.Errorf("%d objects, and not %d", len(items), s.Objects)
	}
	if err != nil {
		return nil, fmt.Errorf("the healthy state of %s %w: %w", s.Revision, ErrBroken, err)
	}
	return items, nil
}

// Unpack returns what was packed.
func Unpack(packed []byte) ([]Item, error) {
	var items []Item
	err := expanded(packed, maxSize, func(r io.Reader) (err error) {
		items, err = itemsOf(r)
		return err
	})
	return items, err
}

func itemsOf(r io.Reader) ([]Item, error) {
	var items []Item
	for text := stdjson.NewDecoder(r); ; {
		var in itemJSON
		if err := text.Decode(&in); errors.Is(err, io.EOF) {
			return items, nil
		} else if err != nil {
			return nil, err
		}
		o := map[string]any{}
		if err := json.Unmarshal(in.Object, &o); err != nil { // whole numbers become int64, as everywhere in Kubernetes
			return nil, err
		}
		items = append(items, Item{File: in.File, Line: in.Line, Object: &unstructured.Unstructured{Object: o}})
	}
}

// Keep puts a healthy state before the others, in place of one of the same commit or content.
func (i *Inventory) Keep(state State) {
	kept, older := []State{state}, 0
	for _, s := range i.Healthy {
		again := s.Revision == state.Revision || s.Content == state.Content
		if older += len(s.Packed); again || older > maxOlder || len(kept) == MaxStates {
			continue
		}
		kept = append(kept, s)
	}
	i.Healthy = kept
}

// stateJSON is how a State is written. Its time is in UTC, so that the same state is the same text.
type stateJSON struct {
	Revision string    `json:"revision"`
	At       time.Time `json:"at"`
	Content  string    `json:"content"`
	Objects  int       `json:"objects"`
	Packed   []byte    `json:"packed"`
}

// MarshalJSON writes the time in UTC.
func (s State) MarshalJSON() ([]byte, error) {
	s.At = s.At.UTC()
	return stdjson.Marshal(stateJSON(s))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *State) UnmarshalJSON(text []byte) error {
	return stdjson.Unmarshal(text, (*stateJSON)(s))
}
