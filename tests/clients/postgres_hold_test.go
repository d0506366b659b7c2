package clients

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	understudy "github.com/understudy-go/understudy/api"
)

// timeouts returns a hard and a cooperative Timeout.
func timeouts(limit time.Duration) []understudy.Policy {
	return []understudy.Policy{
		understudy.Timeout(limit),
		understudy.TimeoutConfig{Limit: limit, Cooperative: true},
	}
}

// database/sql closes rows when the ctx of their query ends, and a Timeout ends it when
// it returns, if nothing holds it.
//
// Promise (Clients): Rows and a transaction begun under a Timeout can be used afterwards, until they are released.
func TestRowsAreReadAfterATimeoutThatIsHeld(t *testing.T) {
	const many = 100_000 // more than any buffer holds
	db, s := openPostgres(t, ""), start(t)
	b := breaker(t, s, understudy.BreakerConfig{})
	for _, timeout := range timeouts(long) {
		release := func() {}
		rows, err := understudy.Do(t.Context(), understudy.Compose(timeout, b), func(ctx context.Context) (*sql.Rows, error) {
			release = understudy.Hold(ctx)
			return db.QueryContext(ctx, "SELECT generate_series(1, $1::int)", many)
		})
		require.NoError(t, err)
		read := 0
		for rows.Next() {
			read++
		}
		require.NoError(t, rows.Err())
		require.Equal(t, many, read)
		release()
	}
	require.Equal(t, uint64(2), counts(t, b).Successes)
}

// begin begins a transaction under a policy, and returns the ctx that it depends on.
func begin(ctx context.Context, db *sql.DB, policy understudy.Policy) (tx *sql.Tx, of context.Context, release func(), err error) {
	tx, err = understudy.Do(ctx, policy, func(ctx context.Context) (*sql.Tx, error) {
		of, release = ctx, understudy.Hold(ctx)
		return db.BeginTx(ctx, nil)
	})
	return tx, of, release, err
}

// Promise (Clients): Rows and a transaction begun under a Timeout can be used afterwards, until they are released.
func TestATransactionGoesOnAfterATimeoutThatIsHeld(t *testing.T) {
	db, s := openPostgres(t, ""), start(t)
	b := breaker(t, s, understudy.BreakerConfig{})
	for _, timeout := range timeouts(long) {
		tx, _, release, err := begin(t.Context(), db, understudy.Compose(timeout, b))
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), "CREATE TEMPORARY TABLE held (name text) ON COMMIT DROP")
		require.NoError(t, err)
		require.NoError(t, tx.Commit())
		release()
	}
	require.Equal(t, uint64(2), counts(t, b).Successes)
}

// Promise (Clients): A transaction that is held ends with the limit and with its caller, and counts no more.
func TestATransactionThatIsHeldEndsWithTheLimit(t *testing.T) {
	db, s := openPostgres(t, ""), start(t)
	require.NoError(t, db.PingContext(t.Context())) // the limit is for the transaction alone
	b := breaker(t, s, understudy.BreakerConfig{})
	for _, timeout := range timeouts(5 * short) {
		tx, of, release, err := begin(t.Context(), db, understudy.Compose(timeout, b))
		require.NoError(t, err)
		<-of.Done()
		require.ErrorIs(t, of.Err(), context.DeadlineExceeded)
		require.Error(t, tx.Commit())
		release()
	}
	for _, timeout := range timeouts(long) {
		ctx, leave := context.WithCancel(t.Context())
		tx, of, release, err := begin(ctx, db, understudy.Compose(timeout, b))
		require.NoError(t, err)
		leave()
		<-of.Done()
		require.Error(t, tx.Commit())
		release()
	}
	stats := counts(t, b)
	require.Equal(t, []uint64{4, 0, 0}, []uint64{stats.Successes, stats.Failures, stats.Ignored})
}
