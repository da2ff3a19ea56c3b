package health

import (
	"context"
	"errors"
	"io"
	"strings"
	stdsync "sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

const (
	logTimeout = 10 * time.Second // for all the requests about one run
	logReaders = 4                // at the same time
	logsKept   = 512
)

// logs reads the ends of the logs of containers, each run once, in goroutines of its own: no verdict waits for one.
type logs struct {
	client  rest.Interface
	ctx     context.Context
	stop    context.CancelFunc
	running stdsync.WaitGroup
	slots   chan struct{}

	mu    stdsync.Mutex
	known map[LogKey]*reading
	order []LogKey // the oldest first
}

// reading is one log: read, or on its way.
type reading struct {
	log     *Log
	waiting []listener
}

// run is the run of a container whose log is wanted.
type run struct {
	key             LogKey
	namespace, name string // of the pod
	previous        bool   // the container has been started again since, or is about to be
	began           time.Time
}

func newLogs(client rest.Interface) *logs {
	ctx, stop := context.WithCancel(context.Background())
	return &logs{
		client: client, ctx: ctx, stop: stop, slots: make(chan struct{}, logReaders), known: map[LogKey]*reading{},
	}
}

// get returns the log of a run if it has been read. If not, l is told when it has.
func (f *logs) get(r run, l listener) (Log, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known := f.known[r.key]; known != nil {
		if known.log != nil {
			return *known.log, true
		}
		known.waiting = append(known.waiting, l)
		return Log{}, false
	}
	if f.ctx.Err() != nil {
		return Log{}, false
	}
	f.known[r.key] = &reading{waiting: []listener{l}}
	if f.order = append(f.order, r.key); len(f.order) > logsKept {
		delete(f.known, f.order[0])
		f.order = f.order[1:]
	}
	f.running.Go(func() { f.fetch(r) })
	return Log{}, false
}

// close ends all reading, and waits until it has ended.
func (f *logs) close() {
	f.mu.Lock()
	f.stop()
	f.mu.Unlock()
	f.running.Wait()
}

// fetch reads one log, and tells who waits for it.
func (f *logs) fetch(r run) {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-f.ctx.Done():
		return
	}
	ctx, cancel := context.WithTimeout(f.ctx, logTimeout)
	defer cancel()
	log := f.read(ctx, r)
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.known[r.key]
	if known == nil {
		return
	}
	known.log = &log
	for _, l := range known.waiting {
		l.poke()
	}
	known.waiting = nil
}

// read learns what must not be shown before it reads the log.
func (f *logs) read(ctx context.Context, r run) Log {
	pod := &corev1.Pod{}
	err := f.client.Get().Namespace(r.namespace).Resource("pods").Name(r.name).Do(ctx).Into(pod)
	switch {
	case err != nil:
		return Log{Withheld: "the pod could not be read, and what it must hide is not known"}
	case pod.UID != r.key.Pod:
		return Log{Withheld: "the pod is gone"}
	}
	hide := secrecy{read: f, namespace: r.namespace, since: r.began}
	if hide.pod(ctx, pod); hide.withheld != "" {
		return Log{Withheld: hide.withheld}
	}
	lines, err := f.tail(ctx, r)
	switch {
	case apierrors.IsForbidden(err):
		return Log{Withheld: "pods/log may not be read"}
	case err != nil:
		return Log{Withheld: "it could not be read"}
	}
	return Log{Lines: newMask(hide.values).lines(lines)}
}

// tail reads the last lines of a run. Where they are longer than what is read, the last is not whole, and is left out: half
// a secret would not be found in it.
func (f *logs) tail(ctx context.Context, r run) ([]string, error) {
	number, limit := int64(logLines), int64(logBytes)
	options := &corev1.PodLogOptions{
		Container: r.key.Container, Previous: r.previous, TailLines: &number, LimitBytes: &limit,
	}
	stream, err := f.client.Get().Namespace(r.namespace).Resource("pods").Name(r.name).SubResource("log").
		VersionedParams(options, scheme.ParameterCodec).Stream(ctx)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(stream, logBytes))
	if err = errors.Join(err, stream.Close()); err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if len(text) >= logBytes {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 1 && lines[0] == "" {
		return nil, nil
	}
	return lines[max(0, len(lines)-logLines):], nil
}

func (f *logs) secret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	o := &corev1.Secret{}
	return o, f.client.Get().Namespace(namespace).Resource("secrets").Name(name).Do(ctx).Into(o)
}

func (f *logs) configMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	o := &corev1.ConfigMap{}
	return o, f.client.Get().Namespace(namespace).Resource("configmaps").Name(name).Do(ctx).Into(o)
}
