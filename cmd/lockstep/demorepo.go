package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"

	"github.com/lockstep-dev/lockstep/examples"
)

const (
	demoBranch = "main"
	demoFolder = "manifests"
)

// demoRepository is a work tree in a temporary folder, with the example in it.
type demoRepository struct {
	dir  string
	work *gogit.Worktree
	head string // hash of the last commit
}

func newDemoRepository(ctx context.Context) (*demoRepository, error) {
	dir, err := os.MkdirTemp("", "lockstep-demo-")
	if err != nil {
		return nil, fmt.Errorf("repository of the demo: %w", err)
	}
	r := &demoRepository{dir: dir}
	if err := r.fill(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("repository of the demo: %w", err), r.remove())
	}
	return r, nil
}

func (r *demoRepository) fill(ctx context.Context) error {
	repo, err := gogit.PlainInitWithOptions(r.dir, &gogit.PlainInitOptions{
		InitOptions: gogit.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName(demoBranch)},
	})
	if err != nil {
		return err
	}
	if r.work, err = repo.Worktree(); err != nil {
		return err
	}
	web, err := fs.Sub(examples.Files, "web")
	if err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(r.dir, demoFolder), web); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.commit("Serve from one pod")
}

// scale commits another number of replicas, as an operator would: one line of one file.
func (r *demoRepository) scale(replicas int) error {
	path := filepath.Join(r.dir, demoFolder, "web-deployment.yaml")
	manifest, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	scaled := strings.Replace(string(manifest), "replicas: 1\n", fmt.Sprintf("replicas: %d\n", replicas), 1)
	if err := os.WriteFile(path, []byte(scaled), 0o600); err != nil {
		return err
	}
	return r.commit(fmt.Sprintf("Serve from %d pods", replicas))
}

func (r *demoRepository) commit(message string) error {
	if _, err := r.work.Add(demoFolder); err != nil {
		return err
	}
	author := &gitobject.Signature{Name: "Lockstep demo", Email: "demo@lockstep.dev", When: time.Now()}
	hash, err := r.work.Commit(message, &gogit.CommitOptions{Author: author})
	if err != nil {
		return err
	}
	r.head = hash.String()
	return nil
}

func (r *demoRepository) remove() error { return os.RemoveAll(r.dir) }
