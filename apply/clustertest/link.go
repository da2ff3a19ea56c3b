package clustertest

import (
	"context"
	"io"
	"net"
	stdsync "sync"
	"testing"
)

// Link is a way to the API server that can be cut.
type Link struct {
	// Kubeconfig is the path of a kubeconfig that leads through the link.
	Kubeconfig string

	t       testing.TB
	address string // where the link listens, the same after each Restore
	target  string

	mu       stdsync.Mutex
	listener net.Listener // nil while the link is cut
	conns    map[net.Conn]struct{}
	running  stdsync.WaitGroup
}

// Cut drops all connections and refuses new ones, until Restore.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener == nil {
		return
	}
	_ = l.listener.Close()
	l.listener = nil
	for conn := range l.conns {
		_ = conn.Close()
	}
}

// Restore accepts connections again, at the address that the link had before.
func (l *Link) Restore() {
	l.t.Helper()
	// Somebody's outgoing connection may have the port for a moment.
	Eventually(l.t, "the link's port", func(context.Context) (bool, string) {
		err := l.listen()
		return err == nil, describe(err)
	})
}

func (l *Link) listen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		return nil
	}
	listener, err := net.Listen("tcp", l.address)
	if err != nil {
		return err
	}
	l.listener = listener
	l.address = listener.Addr().String()
	l.running.Go(func() { l.accept(listener) })
	return nil
}

func (l *Link) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return // closed by Cut
		}
		l.running.Go(func() { l.forward(listener, conn) })
	}
}

// forward copies both ways until one side ends. The connection is dropped when the listener that it came from is closed.
func (l *Link) forward(listener net.Listener, from net.Conn) {
	defer func() { _ = from.Close() }()
	to, err := net.Dial("tcp", l.target)
	if err != nil {
		return // the client sees its connection end, as it would without the link
	}
	defer func() { _ = to.Close() }()
	if !l.keep(listener, from, to) {
		return
	}
	defer l.drop(from, to)
	var back stdsync.WaitGroup
	back.Go(func() { transfer(from, to) })
	transfer(to, from)
	back.Wait()
}

// transfer ends both directions with the first, so that nobody waits for a half that cannot go on.
func transfer(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
	_ = from.Close()
}

func (l *Link) keep(listener net.Listener, conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != listener {
		return false
	}
	for _, conn := range conns {
		l.conns[conn] = struct{}{}
	}
	return true
}

func (l *Link) drop(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range conns {
		delete(l.conns, conn)
	}
}
