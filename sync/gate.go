package sync

import (
	"context"
	"errors"
	"time"

	"github.com/lockstep-dev/lockstep/health"
)

// glance is how long a commit is looked at whose gate has given up before.
const glance = time.Second

// wait holds the pass until the commit serves. It ends early with [ErrSuperseded] when the source has moved on. A
// commit that has failed here before is judged as it stands, without another wait.
func (p *pass) wait(ctx context.Context) error {
	ctx, supersede := context.WithCancelCause(ctx)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		p.watchForNewer(ctx, supersede)
	}()
	report, err := p.Gate.Wait(ctx, p.check(ctx))
	supersede(nil)
	<-watching
	p.outcome.Report = report
	if failure, ok := errors.AsType[*health.Failure](err); ok {
		p.remember(Failed, string(failure.Report.Reason))
		err = errors.Join(err, p.saveNow(ctx))
	}
	return err
}

// lastWords is how long a daemon that was told to end may take to put a verdict on record.
const lastWords = 5 * time.Second

// saveNow saves the record, also when ctx has just ended: a verdict is not worth less for that.
func (p *pass) saveNow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	return p.Ledger.Save(ctx, p.record)
}

func (p *pass) check(ctx context.Context) health.Check {
	timeout := p.App.Timeout
	if p.last.Revision == p.outcome.Revision && p.last.Report != nil && p.last.State == Failed {
		timeout = glance
	}
	return health.Check{
		Objects: p.outcome.Objects(), Timeout: timeout,
		Progress: func(report *health.Report) { p.tell(ctx, Event{Step: StepGate, Report: report}) },
	}
}

// watchForNewer calls supersede once the source has another revision than this pass's. A fetch that fails says nothing
// about that; the next pass will tell.
func (p *pass) watchForNewer(ctx context.Context, supersede context.CancelCauseFunc) {
	var tick <-chan time.Time
	if p.Poll > 0 {
		ticker := time.NewTicker(p.Poll)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.Newer:
		case <-tick:
		}
		snapshot, err := p.Source.Fetch(ctx)
		if err == nil && snapshot.Revision != p.outcome.Revision {
			supersede(ErrSuperseded)
			return
		}
	}
}
