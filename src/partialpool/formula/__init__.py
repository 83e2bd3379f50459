"""Parse the text of a model formula into a `Formula`; no data are read.

>>> from partialpool.formula.parse import parse
>>> f = parse("log(radon) ~ floor + (1 + floor | county)")
>>> f.fixed, f.groups[0].effects, f.groups[0].factor
('1 + floor', '1 + floor', 'county')

Formulas are written as for lme4: ``response ~ term + term + ...``.

The response is a column or an expression: ``y``, ``log(y)``, ``(answer == "yes")``. It may be
followed by ``| trials(n)``, ``| weights(w)``, ``| se(s)``, or a sum of these.

A term is

- a column: a number, or categories of which the first is the reference. A pandas Categorical
  keeps its order; other text is sorted, with numbers in it by size. A name with other
  characters is put in backquotes. A word is a function only where it is called.
- ``a:b``, an interaction; ``a*b`` for ``a + b + a:b``; ``a/b`` for ``a + a:b``;
  ``(a + b + c)**2`` for all pairs; ``a*b - a`` leaves a term out. Terms may stand in any order.
- a function of columns: ``log``, ``sqrt``, ``exp`` and other functions of NumPy that work value
  by value (``np.tanh``); ``center``, ``scale`` or ``standardize``, ``poly``, and the splines
  ``bs``, ``cr`` (natural, also ``cs``) and ``cc`` (cyclic, of a period), which remember the
  data of the fit.
- ``C(x)``, categories of a column of numbers; ``C(x, Treatment("b"))`` or ``T(x, "b")`` for
  another reference; ``C(x, Sum)`` or ``S(x)`` for differences from the mean of the levels.
- ``I(x**2)`` or ``{x**2}``, arithmetic as in Python, with its precedence. Numbers are real,
  whole ones too. Comparisons, also with a level, ``dose > "low"`` in the order of the levels,
  give truth values, which ``and``, ``or``, ``not`` (``&``, ``|``, ``~``) join and which are
  0 and 1 in arithmetic: ``I((age > 60) + (bmi > 30))``.
- ``1``, the intercept, which a sum of terms has unless ``0`` or ``-1`` removes it.
- ``offset(x)``, with a coefficient of one.
- ``(effects | g)``: coefficients that vary by the groups of column g. The effects have an
  intercept unless ``0`` takes it away: ``(1 | g)``, ``(x | g)``, ``(0 + x | g)``. With ``||``
  the effects are uncorrelated. ``(1 | a:b)`` groups by combinations, ``(1 | a/b)`` is
  ``(1 | a) + (1 | a:b)``.

With ``||`` each column of the effects has a separate sd and all correlations are 0. This holds
for the columns of one categorical column f too: ``(1 + f || g)`` has an sd for the intercept,
which belongs to the first category, and an sd for the difference of each further category from
it. The intercept is then the only thing that categories share, and the first category varies
least. ``(0 + f || g)`` has an sd for each category, and the categories are independent. (lme4
keeps the categories of one column correlated here.)

An effect for each row, ``(1 | row)``, models overdispersion of counts, because the binomial and
poisson families have no residual sd. In the gaussian and student families such an effect is not
identified beside ``sigma``, and `Model` warns of it.

If the response is made of one column, ``y`` or ``log(y)``, this column cannot also stand right of
``~``. The columns of a response that is made of several, ``I(after - before)``, can: whether they
should is left to the user.
"""
