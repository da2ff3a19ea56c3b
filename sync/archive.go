package sync

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	stdsync "sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// maxArchived is how many objects an app may have whose manifests are kept for the next pass. A larger one has its live
// objects read instead, those that change.
const maxArchived = 1000

// archive are the manifests that a pass has applied, packed: a thousand apps take a megabyte. The zero archive has none.
type archive []byte

// packers are kept for the next pass: each takes most of a megabyte.
var packers = stdsync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// pack keeps the manifests of plan; none when something is in the way, since they are only for saying what changes.
func pack(plan *apply.Plan) archive {
	if len(plan.Changes) > maxArchived {
		return nil
	}
	var packed bytes.Buffer
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&packed)
	encoder := json.NewEncoder(w)
	for _, c := range plan.Changes {
		if c.Action == apply.Skipped {
			continue
		}
		if err := encoder.Encode(c.Desired.Object); err != nil {
			return nil
		}
	}
	if err := w.Close(); err != nil {
		return nil
	}
	return packed.Bytes()
}

// lookup returns a func that finds a manifest in the archive. It unpacks when it is first called.
func (a archive) lookup() func(object.ID) *unstructured.Unstructured {
	var found map[object.ID]*unstructured.Unstructured
	return func(id object.ID) *unstructured.Unstructured {
		if found == nil {
			found = a.unpack()
		}
		return found[id]
	}
}

func (a archive) unpack() map[object.ID]*unstructured.Unstructured {
	found := map[object.ID]*unstructured.Unstructured{}
	if len(a) == 0 {
		return found
	}
	r, err := gzip.NewReader(bytes.NewReader(a))
	if err != nil {
		return found
	}
	for text := json.NewDecoder(r); ; {
		var raw json.RawMessage
		if err := text.Decode(&raw); err != nil {
			if !errors.Is(err, io.EOF) {
				clear(found)
			}
			return found
		}
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(raw); err != nil {
			clear(found)
			return found
		}
		found[object.Of(o)] = o
	}
}
