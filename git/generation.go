package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// generation is one copy of a remote: a bare repository without refs, whose shallow file lists the commits it holds.
type generation struct {
	dir     string
	space   *Space
	objects *objects
	commits []plumbing.Hash // complete here, the newest last
	packs   int

	partial  bool                   // it holds some folders of its commits, and what was asked for beside them
	complete map[plumbing.Hash]bool // trees of those that are known to be here, with all that is below them
	fills    int                    // how often something was asked for beside them
	lost     error                  // why that was in vain, until the server answers again

	failures int // how often a part was asked for in vain
	cramped  int // as many packs are to be had first, since there was no space for a copy beside this one
}

const (
	// maxPacks is how many packs are collected before a new copy replaces them; there is no garbage collector here.
	maxPacks = 20
	// maxFailures is how often a server is asked for a part before it is asked for the whole: some can do only that.
	maxFailures = 3
)

// full says that nothing should be added any more.
func (g *generation) full() bool {
	return g.packs >= max(maxPacks, g.cramped) || g.failures >= maxFailures
}

func newGeneration(dir string, space *Space) (*generation, error) {
	for _, folder := range []string{"objects/pack", "refs"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(folder)), 0o700); err != nil {
			return nil, cacheError(err)
		}
	}
	// So that the git program takes it for a repository, should somebody want to look into it.
	if err := os.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: refs/heads/none\n"), 0o600); err != nil {
		return nil, cacheError(err)
	}
	return &generation{dir: dir, space: space, objects: newObjects(dir), complete: map[plumbing.Hash]bool{}}, nil
}

// openGeneration takes over the copy in dir, and clears away what a killed fetch has left in it.
func openGeneration(dir string, space *Space) (*generation, error) {
	text, err := os.ReadFile(filepath.Join(dir, "shallow"))
	if err != nil {
		return nil, err
	}
	g := &generation{
		dir: dir, space: space, objects: newObjects(dir), partial: isMarked(dir, partialName), complete: map[plumbing.Hash]bool{},
	}
	g.objects.leftOut.Store(isMarked(dir, leftOutName))
	for line := range strings.Lines(string(text)) {
		g.commits = append(g.commits, plumbing.NewHash(strings.TrimSpace(line)))
	}
	files, err := os.ReadDir(g.packDir())
	for _, f := range files {
		switch name := f.Name(); {
		case strings.HasPrefix(name, tmpPack):
			_ = os.Remove(filepath.Join(g.packDir(), name))
		case strings.HasSuffix(name, ".pack"):
			g.packs++
		}
	}
	return g, err
}

func (g *generation) packDir() string { return filepath.Join(g.dir, "objects", "pack") }

// moved says that the folder has a new name.
func (g *generation) moved(dir string) {
	g.dir = dir
	leftOut := g.objects.leftOut.Load()
	g.objects = newObjects(dir)
	g.objects.leftOut.Store(leftOut)
}

// discard removes a copy that was not committed.
func (g *generation) discard() {
	if strings.HasPrefix(filepath.Base(g.dir), strings.TrimSuffix(freshName, "*")) {
		_ = os.RemoveAll(g.dir)
	}
}

// receive asks for the commit that was negotiated, without its history, and for no object that is here already: for a first
// commit of parts without its files, for a later one with all that is new in it, which is little.
func (g *generation) receive(ctx context.Context, n negotiation) error {
	if err := n.allowed(); err != nil {
		return err
	}
	request := n.request([]plumbing.Hash{n.found.hash})
	request.Haves = g.commits
	if g.partial && len(g.commits) == 0 {
		request.Filter = packp.FilterTreeDepth(1)
		_ = request.Capabilities.Set(capability.Filter)
	}
	if n.advert.Capabilities.Supports(capability.Shallow) {
		_ = request.Capabilities.Set(capability.Shallow)
		request.Depth = packp.DepthCommits(1)
		request.Shallows = g.commits
	}
	if len(g.commits) > 0 {
		// go-git cannot complete thin packs and so hides that servers offer them, but only for these does git leave out
		// what a shallow copy has already.
		_ = request.Capabilities.Set(capability.ThinPack)
	}
	response, err := n.session.UploadPack(ctx, request)
	if err != nil {
		return n.refused(netError(ctx, err))
	}
	defer func() { _ = response.Close() }()
	if err := g.store(ctx, response, request.Capabilities); err != nil {
		return err
	}
	g.packs++
	g.failures = 0
	from := g.objects.reader()
	defer from.close()
	p, err := from.peel(n.found.hash)
	if err != nil {
		return err
	}
	return g.hold(p.hash)
}

// has reports whether the commit is complete here, and the tag that stands for it, if there is one.
func (g *generation) has(n negotiation) bool {
	commit := advertised{n.advert}.commit(n.found)
	if !slices.Contains(g.commits, commit) {
		return false
	}
	if commit == n.found.hash {
		return true
	}
	from := g.objects.reader()
	defer from.close()
	_, err := from.once(n.found.hash, plumbing.TagObject, maxTree)
	return err == nil
}

// hold puts the commit on the list of those that are complete here.
func (g *generation) hold(commit plumbing.Hash) error {
	commits := append(slices.Clip(g.commits), commit)
	var text strings.Builder
	for _, c := range commits {
		fmt.Fprintln(&text, c)
	}
	name := filepath.Join(g.dir, "shallow")
	if err := os.WriteFile(name+".new", []byte(text.String()), 0o600); err != nil {
		return cacheError(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return cacheError(err)
	}
	g.commits = commits
	return nil
}
