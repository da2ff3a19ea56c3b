package main

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"regexp"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

// turn is who has a Lease from a moment on: a daemon, or nobody.
type turn struct {
	lease, by string
	at        time.Time
}

// noted notes the code of an answer.
type noted struct {
	http.ResponseWriter
	code int
}

func (a *noted) WriteHeader(code int) {
	a.code = code
	a.ResponseWriter.WriteHeader(code)
}

// holding passes the write of a Lease on, and notes whose it is then.
func (l *ledger) holding(by string, w http.ResponseWriter, r *http.Request, next http.Handler) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	object, _, _ := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	is, written := object.(*coordinationv1.Lease) // else it is deleted
	recorded := &noted{ResponseWriter: w, code: http.StatusOK}
	next.ServeHTTP(recorded, r)
	if recorded.code >= http.StatusMultipleChoices || !written || is.Spec.HolderIdentity == nil {
		return
	}
	if *is.Spec.HolderIdentity == "" {
		by = ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turns = append(l.turns, turn{lease: is.Name, by: by, at: time.Now()})
}

// ofApp finds the app that a write is about, in the names of its ConfigMap and of its record.
var ofApp = regexp.MustCompile(`app-[0-9]+$`)

// strays are the writes for an app that came when another daemon than the writer had its part.
func (l *ledger) strays(shards int, leaseOf func(shard int) string) (strays []request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.writes {
		app := ofApp.FindString(path.Base(w.path))
		if app == "" {
			continue
		}
		holder, lease := "", leaseOf(shardOf(app, shards))
		for _, t := range l.turns {
			if t.lease == lease && t.at.Before(w.at) {
				holder = t.by
			}
		}
		if holder != w.by {
			strays = append(strays, request{by: w.by + ", while it is of " + holder, method: w.method, path: w.path, at: w.at})
		}
	}
	return strays
}
